"""Results without a section of their own: none is dropped, cells against the tidy rows."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from exprstats.document.text import write_plain
from exprstats.errors import OptionError
from exprstats.inference import (
    bootstrap_clusters,
    compare_contexts,
    judge_equivalence,
    permute_models,
    plan_precision,
)
from exprstats.models import (
    fold_subjects,
    guess_mean,
    nest_elastic,
    rate_ceiling,
    stack_predictions,
)
from exprstats.report import build_document, gather_analysis, write_report
from exprstats.report.outline import SECTIONS
from exprstats.results import Result

pytestmark = pytest.mark.usefixtures("blank_pictures")


@dataclass(frozen=True, slots=True, eq=False)
class NewThing(Result):
    """A kind of result that the report has never heard of."""

    table: pd.DataFrame

    def tidy(self):
        return self.table.copy()

    def glance(self):
        return self.table.head(1)

    def sentence(self):
        return "It's new, p = .2."


def read_sections(results):
    document = build_document(gather_analysis(results, None))
    return [section for section in document.sections if section.name.startswith("further")]


def print_thing(**columns):
    [section] = read_sections([NewThing(pd.DataFrame(columns))])
    return section


def read_notes(section):
    return " ".join(write_plain(note) for note in section.tables[0].notes).replace("\xa0", " ")


def list_results(results):
    """Return one of nearly every kind that has no section, as the verbs give them."""
    features = list(results.models.design.features)
    settings = {"metrics": ["nrmse"], "span": 7, "draws": 60, "seed": 1}
    both = stack_predictions(results.models, guess_mean(results.models.predictions))
    folds = fold_subjects(results.data, folds=3, seed=1)
    return [
        compare_contexts(both, **settings),
        judge_equivalence(results.comparison, margin=0.05),
        permute_models(both, by="context", **settings),
        plan_precision(both, sizes=[10, 20], **settings),
        bootstrap_clusters(
            results.data, lambda table: table["score"].mean(), cluster="subject", draws=40, seed=1
        ),
        nest_elastic(results.data, target="score", features=features, folds=folds, by="context"),
        rate_ceiling(results.ratings, results.factor),
    ]


@pytest.fixture(scope="module")
def others(plain):
    return list_results(plain)


def test_each_result_has_its_sentence_and_its_table(others):
    told = {place for places, _ in SECTIONS for place in places}
    found = gather_analysis(others).results
    rest = [one for (place, _), one in found.held.items() if place not in told]
    rest += found.others
    sections = read_sections(others)
    titles = {section.title for section in sections}
    assert len(titles) == len(rest)
    assert {"A statistic with its cluster bootstrap", "Ceiling of prediction"} <= titles
    for section, result in zip(sections, rest, strict=True):
        opening = write_plain(section.sentences[0]).replace("\xa0", " ")
        wanted = result.sentence().replace("'", "’").replace(" - ", " − ")
        assert opening[:40] == wanted[:40]
        # A result without numbers is words only, which its sentence holds.
        assert section.tables or result.place == "choice"
    # All others have sections of their own, with their sentence.
    words = read_words(others)
    for result in others:
        assert result.sentence()[:20].replace(" - ", " − ") in words


def read_words(results):
    document = build_document(gather_analysis(results, None))
    texts = [text for section in document.sections for text in section.sentences]
    return " ".join(map(write_plain, texts)).replace("\xa0", " ")


def test_the_numbers_are_those_of_the_rows():
    thing = NewThing(pd.DataFrame({"model": ["a", "b"], "estimate": [0.12345, -2.5]}))
    table = read_sections([thing])[0].tables[0]
    assert table.cells["model"].tolist() == ["a", "b"]
    assert table.cells["estimate"].tolist() == ["0.12", "−2.50"]


def test_a_kind_that_is_new_is_printed_too():
    section = print_thing(term=["a", "b"], estimate=[0.5, -1.25], p_value=[0.0001, 0.2])
    assert section.title == "New thing"
    assert [run.italic for run in section.sentences[0]] == [False, True, False]
    assert section.tables[0].cells.to_dict("list") == {
        "term": ["a", "b"],
        "estimate": ["0.500", "−1.250"],
        "p_value": ["< .001", ".200"],
    }


def test_what_is_the_same_in_every_row_goes_below():
    section = print_thing(
        context=[None, None], item=["x", "y"], estimate=[1.5, 2.5], n_clips=[10, 10]
    )
    assert [column.key for column in section.tables[0].columns] == ["item", "estimate"]
    assert read_notes(section) == "The same in every row: clips 10."


def test_intervals_take_their_level_and_yes_and_no_stand_for_truth():
    section = print_thing(
        item=["x", "y"],
        estimate=[1.5, np.nan],
        conf_low=[1.0, -np.inf],
        conf_high=[2.0, 1.0],
        level=[0.9, 0.9],
        held=[True, False],
    )
    table = section.tables[0]
    assert table.cells["limits"].tolist() == ["[1.00, 2.00]", "—"]
    assert table.cells["estimate"].tolist() == ["1.50", "—"]
    assert table.cells["held"].tolist() == ["yes", "no"]
    headings = [write_plain(column.heading).replace("\xa0", " ") for column in table.columns]
    assert headings == ["Item", "Estimate", "90% CI", "Held"]


def test_contexts_head_their_rows_with_the_test_part_first():
    section = print_thing(
        context=["b", None, "b", None],
        part=["train", "train", "test", "test"],
        estimate=[1.0, 2.0, 3.0, 4.0],
    )
    table = section.tables[0]
    assert table.group == "group"
    assert table.cells["group"].tolist() == ["b", "b", "All", "All"]
    assert table.cells["estimate"].tolist() == ["3.00", "1.00", "4.00", "2.00"]


def test_long_and_wide_tables_are_cut_and_say_so():
    columns = {f"extra{place}": [1.5 + place, 3.25] * 50 for place in range(12)}
    section = print_thing(item=[str(i) for i in range(100)], estimate=np.arange(100.0), **columns)
    table = section.tables[0]
    assert len(table.cells) == 60
    assert [column.key for column in table.columns][:2] == ["item", "estimate"]
    assert len(table.columns) == 9
    assert "The first 60 of 100 rows" in read_notes(section)
    assert "In the folder “tables” as well: Extra7, Extra8, " in read_notes(section)


def test_a_result_without_rows_keeps_its_sentence():
    [section] = read_sections([NewThing(pd.DataFrame({"estimate": []}))])
    assert section.tables == ()
    assert len(section.sentences) == 1


def test_what_is_no_result_is_refused():
    with pytest.raises(OptionError, match="cannot be made of DataFrame"):
        gather_analysis([pd.DataFrame()], None)


def test_hostile_names_go_through(hostile, tmp_path, read_page):
    others = list_results(hostile)
    others.append(
        NewThing(pd.DataFrame({"<i>a</i>{x}": ["{{ 7 * 7 }}", "=1+1"], "estimate": [1.0, 2.0]}))
    )
    page = read_page(write_report(others, tmp_path / "report"))
    assert page.unclosed == []
    assert not {"script", "em"} & set(page.tags)
    assert "{{ 7 * 7 }}" in [cell for table in page.tables for row in table for cell in row]
    found = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    assert [one["kind"] for one in found["further"]][-1] == "NewThing"
    placed = [one.find_place() for one in others if one.find_place() not in {"", "ceiling"}]
    assert set(placed) <= set(found)
    assert len(found["further"]) == len(others) - len(placed)
