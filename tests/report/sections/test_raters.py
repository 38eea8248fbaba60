"""Reliability beyond Table 1, and raters. Cells against the tidy rows."""

from dataclasses import replace

import numpy as np
import pytest

from exprstats.document.text import write_plain
from exprstats.reliability import (
    compare_reliability,
    describe_design,
    judge_raters,
    plan_raters,
    study_decisions,
)
from exprstats.report import build_document, gather_analysis


def read_section(results, name="reliability"):
    document = build_document(gather_analysis(results, None))
    return next(section for section in document.sections if section.name == name)


def read_words(section):
    texts = [*section.sentences, *section.caveats]
    texts += [note for table in section.tables for note in table.notes]
    return " ".join(write_plain(text) for text in texts).replace("\xa0", " ")


@pytest.fixture(scope="module")
def plan(plain):
    return plan_raters(plain.reliability, target=0.9)


def test_each_result_about_the_ratings_has_its_place(plain, plan):
    ratings = plain.ratings
    results = [
        plain.reliability,
        describe_design(ratings, by="context"),
        compare_reliability(ratings),
        study_decisions(plain.reliability),
        plan,
        judge_raters(ratings),
    ]
    section = read_section(results)
    assert [table.name for table in section.tables] == ["reliability", "differences", "decisions"]
    assert [figure.name for figure in section.figures] == ["decisions"]
    words = [read_words(read_section(results, name)) for name in ("design", "raters")]
    assert words[0].startswith("Each of 144 clips of 24 subjects was rated by")
    assert "No rating was removed (Table A5)." in words[1]
    assert "Each of 144 clips" not in read_words(section)


def test_table_a5_prints_the_plan_and_the_curve(plain, plan):
    table = read_section([study_decisions(plain.reliability, raters=[2, 6]), plan]).tables[0]
    assert [column.key for column in table.columns] == ["item", "k2", "k6", "raters"]
    row = plan.table[plan.table["item"].eq("motion") & plan.table["context"].eq("pain")].iloc[0]
    cells = table.cells[table.cells["context"].eq("pain") & table.cells["item"].eq("motion")]
    low, high = int(row["raters_low"]), int(row["raters_high"])
    assert cells["raters"].item() == f"{int(row['raters'])} [{low}, {high}]"


def test_a_target_that_nobody_reaches_is_said_so(plan):
    table = plan.table.copy()
    table.loc[0, ["raters", "raters_low", "raters_high"]] = np.nan
    section = read_section([replace(plan, table=table)])
    assert section.tables[0].cells["raters"].iloc[0] == "not attainable"
    assert f"for 1 of {len(table)} no number of raters is enough" in read_words(section)
    table[["raters", "raters_low", "raters_high"]] = np.nan
    words = read_words(read_section([replace(plan, table=table)]))
    assert "No number of raters reaches a reliability of .90." in words


def test_flagged_raters_are_listed_and_what_they_do_is_said(plain):
    raters = judge_raters(plain.ratings)
    table = raters.table.assign(flag="")
    effect = raters.effect.assign(n_flagged=0)
    nobody = read_section([replace(raters, table=table, effect=effect)], "raters")
    assert nobody.tables == ()
    assert "None of 12 raters is flagged for any question." in read_words(nobody)
    table.loc[[0, 1], "flag"] = ["lenient", "disagrees"]
    effect = raters.effect.assign(n_flagged=[2, 0, 0], estimate=0.5, estimate_without=0.6)
    section = read_section([replace(raters, table=table, effect=effect)], "raters")
    assert [table.name for table in section.tables] == ["raters", "rater_effect"]
    assert section.tables[1].cells["estimate_without"].tolist() == [".60"] * 3
    assert section.tables[1].cells["n_flagged"].tolist() == ["2", "0", "0"]
    assert section.tables[0].cells["flag"].tolist() == ["lenient", "disagrees"]
    assert section.tables[0].cells["rater"].tolist() == table["rater"].head(2).tolist()
    words = read_words(section)
    assert "2 are flagged for at least one question (Table 1)." in words
    assert "ICC(1,1) would go from .50 to .60 for response." in words


def test_differences_between_contexts_count_those_that_hold_after_adjustment(plain):
    differences = compare_reliability(plain.ratings)
    table = differences.table.assign(p_adjusted=0.2)
    words = read_words(read_section([replace(differences, table=table)]))
    assert "None of 3 differences between contexts" in words
    table.loc[table["term"].eq("ICC(1,k)") & table["item"].eq("motion"), "p_adjusted"] = 0.01
    section = read_section([replace(differences, table=table)])
    assert "1 of 3 differences between contexts" in read_words(section)
    assert section.tables[0].cells["pair"].tolist() == ["startle − pain"] * 3


def test_all_of_six_numbers_of_raters_are_printed_and_four_of_more(plain):
    few = study_decisions(plain.reliability, raters=[1, 2, 3, 5, 8, 12])
    keys = [column.key for column in read_section([few]).tables[0].columns]
    assert keys == ["item", "k1", "k2", "k3", "k5", "k8", "k12"]
    more = study_decisions(plain.reliability, raters=range(1, 13))
    keys = [column.key for column in read_section([more]).tables[0].columns]
    assert keys == ["item", "k4", "k7", "k9", "k12"]


def test_a_target_keeps_its_third_decimal(plain):
    section = read_section([plan_raters(plain.reliability, target=0.805)])
    heading = write_plain(section.tables[0].columns[-1].heading)
    assert heading == "Raters for .805"
    assert "a reliability of .805 needs" in read_words(section)


def test_differences_of_several_forms_name_theirs(plain):
    differences = compare_reliability(plain.ratings, model="two-way")
    section = read_section([differences])
    table = section.tables[0]
    assert write_plain(table.columns[2].heading) == "Δ"
    rows = differences.table[differences.table["term"].str.endswith(",k)")]
    assert table.cells["term"].tolist() == rows["term"].tolist()
    largest = rows.loc[rows["estimate"].abs().idxmax()]
    told = f"was startle − pain for {largest['item']}, {largest['term']}, Δ = "
    assert told in read_words(section)


def test_a_context_called_all_is_not_the_pooled_one(plain):
    ratings = plain.ratings.replace({"context": {"pain": "All"}})
    section = read_section([compare_reliability(ratings)])
    assert set(section.tables[0].cells["pair"]) == {"startle − All (context)"}
