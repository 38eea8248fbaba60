"""One model or one for each context, and the ceiling, as printed. Cells against tidy rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from exprstats.document.text import write_plain
from exprstats.inference import compare_models
from exprstats.models import pair_pooled, rate_ceiling, stack_predictions
from exprstats.plots import draw_performance
from exprstats.report import write_report
from exprstats.report.analysis import Analysis, gather_analysis
from exprstats.report.sections import performance as scoreboard
from exprstats.report.sections.comparisons import describe_comparisons, describe_pooling
from exprstats.report.sections.performance import describe_performance
from exprstats.report.sections.validation import find_share, warn_of_levels
from exprstats.study.provenance import Logbook
from exprstats.study.stages.raters import limit_models


def print_words(section):
    texts = (*section.sentences, *section.caveats)
    return " ".join(write_plain(text) for text in texts).replace("\xa0", " ")


@pytest.fixture(scope="module")
def pooling(plain):
    pair = pair_pooled(plain.models).query("part == 'test'")
    options = {"against": "elastic", "by": "context", "draws": 200, "seed": 1}
    return compare_models(pair, metrics=["rmse", "correlation"], **options)


def test_the_table_holds_both_models_and_their_difference(pooling):
    assert describe_pooling(Analysis("none")) is None
    section = describe_pooling(gather_analysis([pooling], "study"))
    cells = section.tables[0].cells
    rows = pooling.table[pooling.table["headline"]]
    assert cells["context"].tolist() == ["startle", "pain", "All"] * 2
    for name, term in (
        ("own", "elastic"),
        ("pooled", "elastic pooled"),
        ("estimate", "elastic - elastic pooled"),
    ):
        wanted = rows.loc[rows["term"] == term].sort_values(
            "metric", ascending=False, kind="stable"
        )
        told = cells[name].str.replace("−", "-").astype(float)
        np.testing.assert_allclose(told, wanted["estimate"], atol=0.0005)


@pytest.mark.parametrize(
    ("p", "said"), [(0.6, "not reliably different from that of the one model"), (0.01, "than that")]
)
def test_the_text_tells_the_pool_and_counts_contexts(pooling, p, said):
    table = pooling.table.assign(p_value=pooling.table["p_value"].where(lambda v: v.isna(), p))
    words = print_words(describe_pooling(gather_analysis([replace(pooling, table=table)], "s")))
    assert f"{said}" in words
    counted = "2 of 2 contexts" if p < 0.05 else "none of 2 contexts"
    assert f"taken one by one, {counted} differed at the .05 level" in words
    # Where a context's difference is not defined, it is not among those that were tested.
    lost = table.assign(p_value=table["p_value"].mask(table["context"] == "pain"))
    words = print_words(describe_pooling(gather_analysis([replace(pooling, table=lost)], "s")))
    assert "taken one by one" not in words


@pytest.mark.usefixtures("blank_pictures")
def test_a_pooling_comparison_is_known_by_its_models(plain, pooling, tmp_path):
    results = [pooling, plain.models, plain.comparison]
    page = write_report(results, tmp_path / "report").read_text(encoding="utf-8")
    assert "One model or one for each context" in page
    assert "which gives the model an intercept for each" in page
    assert gather_analysis([plain.comparison], None).pooling is None


def test_levels_of_contexts_are_a_caveat_where_they_matter(plain):
    pieces = gather_analysis([plain.models, plain.comparison], "s")
    assert warn_of_levels(pieces) == ()
    rows = plain.models.predictions
    moved = rows.assign(truth=rows["truth"] + 5 * (rows["context"] == "pain"))
    apart = gather_analysis([replace(plain.models, predictions=moved), plain.comparison], "s")
    test = moved[(moved["fitted_on"] == "all") & (moved["part"] == "test")]
    share = find_share(test)
    dummies = pd.get_dummies(test["context"], dtype=float)
    assert share == pytest.approx(sm.OLS(test["truth"], dummies).fit().rsquared_adj)
    words = print_words(describe_performance(apart))
    assert f"{100 * share:.0f}% of the variance of the target" in words
    assert "Contexts differ in level" not in print_words(describe_performance(pieces))


def compare_again(plain, metrics):
    test = stack_predictions(plain.models, part="test")
    return compare_models(test, metrics=metrics, by="context", draws=50, seed=1)


@pytest.mark.parametrize("across", [True, False])
def test_the_ceiling_has_its_row_in_table_3_and_its_lines_in_figure_3(plain, across, monkeypatch):
    # Where contexts are many, each has a block of its own, with a column for each metric.
    monkeypatch.setattr(scoreboard, "MOST_ACROSS", 5 if across else 1)
    ceiling = rate_ceiling(plain.ratings, plain.factor)
    results = [plain.models, compare_again(plain, ["rmse", "correlation", "mae"]), ceiling]
    section = describe_performance(gather_analysis(results, None))
    cells = section.tables[0].cells
    told = cells[cells["model"] == "Ceiling"].drop(columns=["group", "model"]).to_numpy().ravel()
    wanted = [f"{one:.3f}".removeprefix("0") for one in ceiling.table["estimate"]]
    assert [cell.split(" ")[0] for cell in told if cell] == wanted
    figure = section.figures[0]
    tables = [layer._data for layer in figure.draw().layers if layer._data is not None]
    lines = [one for one in tables if "raters_per_clip" in one]
    assert [one["estimate"].tolist() for one in lines] == [ceiling.table["estimate"].tolist()]
    assert "Dashed lines are the ceiling of Table performance." in [
        write_plain(note).replace("\xa0", " ") for note in figure.notes
    ]


def test_a_ceiling_without_a_place_is_told_in_words(plain):
    ceiling = rate_ceiling(plain.ratings, plain.factor)
    alone = compare_again(plain, "rmse")
    words = print_words(describe_performance(gather_analysis([alone, ceiling], None)))
    assert "no prediction can be expected to correlate with them above" in words
    lonely = gather_analysis([ceiling], None)
    assert (lonely.ceiling, lonely.others) == (None, (ceiling,))


def test_contexts_that_differ_by_chance_are_no_caveat():
    rng, told = np.random.default_rng(4), 0
    for _ in range(200):
        rows = pd.DataFrame({"context": np.repeat(range(20), 4), "truth": rng.normal(size=80)})
        told += find_share(rows) >= 0.1
    # By chance in 1 of 100.
    assert told <= 8
    rows = pd.DataFrame({"context": ["a", "a", "b"], "truth": [1.0, 1.0, 2.0]})
    assert find_share(rows) == find_share(rows[:2]) == 0


def test_notes_call_the_two_models_by_what_they_are(pooling):
    lost = pooling.table["versus"].notna() & (pooling.table["context"] == "pain")
    for name, said in (("elastic", "own models"), ("elastic pooled", "one model")):
        note = f"not defined: the predictions of {name} do not vary"
        table = pooling.table.assign(note=pooling.table["note"].mask(lost, note))
        section = describe_pooling(gather_analysis([replace(pooling, table=table)], "s"))
        notes = " ".join(write_plain(one) for one in section.tables[0].notes)
        assert f"the predictions of the {said} do not vary" in notes


def test_ceilings_have_lines_only_where_there_are_correlations(plain):
    ceiling = rate_ceiling(plain.ratings, plain.factor).table
    more = pd.concat([ceiling, ceiling[:1].assign(context="elsewhere")])
    for metrics, count in (("rmse", None), (["rmse", "correlation"], len(ceiling))):
        plot = draw_performance(compare_again(plain, metrics), ceilings=more)
        tables = [layer._data for layer in plot.layers if layer._data is not None]
        lines = [one for one in tables if "raters_per_clip" in one]
        assert [len(one) for one in lines] == ([] if count is None else [count])


def test_the_ceiling_is_that_of_clips_that_models_saw(plain):
    seen = plain.data[plain.data["clip"].isin(plain.data["clip"].unique()[::2])]
    found = limit_models(plain.ratings, seen, plain.factor, 0.9, Logbook(seed=1))
    kept = plain.ratings[plain.ratings["clip"].isin(seen["clip"])]
    pd.testing.assert_frame_equal(found.table, rate_ceiling(kept, plain.factor, level=0.9).table)
    log = Logbook(seed=1)
    alone = plain.ratings.drop_duplicates("clip")
    assert limit_models(alone, seen, plain.factor, 0.9, log) is None
    assert log.notes[0].startswith("There is no ceiling of prediction: ")


def test_notes_on_undefined_scores_call_models_as_tables_do(plain):
    analysis = gather_analysis(plain, "s")
    for describe in (describe_performance, describe_comparisons):
        notes = " ".join(
            write_plain(one) for table in describe(analysis).tables for one in table.notes
        )
        assert "of mean do not vary" not in notes
    assert "predictions of the mean baseline do not vary (ElasticNet − Mean baseline" in notes
