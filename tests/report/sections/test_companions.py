"""Companions of a comparison: printed cells against the tidy rows, and what is said of them.

Tolerance: half a unit of the last printed digit.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from exprstats.document.text import write_plain
from exprstats.inference import (
    compare_contexts,
    compare_models,
    judge_equivalence,
    permute_models,
    plan_precision,
    split_variance,
)
from exprstats.report import describe_results, gather_analysis
from exprstats.report.sections.companions import join_plans

METRICS = ["rmse", "correlation_between"]
OPTIONS = {"draws": 100, "seed": 1}


@pytest.fixture(scope="module")
def predictions():
    """Two models, one called "All", of 20 subjects in two contexts, one called "All"."""
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"clip": [f"c{i}" for i in range(160)], "truth": rng.normal(size=160)})
    table["subject"] = [f"s{i // 8}" for i in range(160)]
    table["context"] = ["All" if i % 8 < 4 else "pain" for i in range(160)]
    models = [
        table.assign(model=name, prediction=table["truth"] + noise * rng.normal(size=160))
        for name, noise in (("good", 0.5), ("All", 1.0))
    ]
    return pd.concat(models, ignore_index=True)


@pytest.fixture(scope="module")
def comparison(predictions):
    return compare_models(predictions, metrics=METRICS, by="context", **OPTIONS)


def describe(result, *more):
    """Return the section on a result."""
    sections = describe_results(gather_analysis([result, *more]))
    return next(one for one in sections if one.name == result.place)


def read_notes(section):
    return " ".join(write_plain(note) for note in section.tables[0].notes).replace("\xa0", " ")


def read_number(cell):
    return float(cell.replace("−", "-").replace(",", "").split(" ")[0])


def pick_block(section, start):
    cells = section.tables[0].cells
    return cells[cells["group"].str.startswith(start)]


def check_column(cells, values, tolerance=0.0005):
    assert [read_number(cell) for cell in cells] == pytest.approx(list(values), abs=tolerance)


def test_contexts_are_told_apart_from_a_context_called_all(predictions):
    result = compare_contexts(predictions, metrics=METRICS, **OPTIONS)
    section = describe(result)
    rows = result.tidy().query("headline and metric == 'rmse'")
    block = pick_block(section, "RMSE")
    assert block["model"].tolist() == ["good", "All"]
    assert set(block["contexts"]) == {"All − pain"}
    check_column(block["estimate"], rows["estimate"])
    assert "r between subjects" in set(section.tables[0].cells["group"])
    told = write_plain(section.sentences[0])
    assert "r between subjects" in told and "r between clusters" not in told


def test_pooled_rows_and_a_context_called_all_have_blocks_of_their_own(comparison):
    result = judge_equivalence(comparison, margin={"rmse": 0.25, "correlation_between": 0.05})
    section = describe(result, comparison)
    groups = list(dict.fromkeys(section.tables[0].cells["group"]))
    assert groups == [
        f"{metric} ({context})"
        for context in ("All (context)", "pain", "All")
        for metric in ("RMSE within ±0.25", "r between subjects within ±.05")
    ]
    for context, name in (("All", "All (context)"), ("pain", "pain"), (None, "All")):
        rows = result.table.query("metric == 'rmse'")
        rows = rows[rows["context"].isna() if context is None else rows["context"].eq(context)]
        block = pick_block(section, f"RMSE within ±0.25 ({name})")
        check_column(block["estimate"], rows["estimate"])
        assert block["pair"].tolist() == ["good − All"]
        wanted = ["yes" if one else "not shown" for one in rows["equivalent"]]
        assert block["equivalent"].tolist() == wanted
    assert "adjusted by Holm’s method, is below .05; before that, it is where the 90%" in (
        read_notes(section)
    )


def test_a_test_that_is_not_defined_shows_no_verdict(comparison):
    result = judge_equivalence(comparison, margin=0.25)
    table = result.table.assign(p_adjusted=np.nan, equivalent=False)
    section = describe(dataclasses.replace(result, table=table), comparison)
    assert set(section.tables[0].cells["equivalent"]) == {"—"}


def test_swaps_have_no_intervals(predictions):
    result = permute_models(predictions, metrics=METRICS, by="context", **OPTIONS)
    section = describe(result)
    assert [column.key for column in section.tables[0].columns] == [
        *("pair", "estimate", "p_value", "p_adjusted")
    ]
    rows = result.table[result.table["context"].isna() & result.table["metric"].eq("rmse")]
    block = pick_block(section, "RMSE (All)")
    check_column(block["estimate"], rows["estimate"])
    check_column(block["p_value"].str.strip("<> "), rows["p_value"])
    assert "swapped within subjects" in read_notes(section)


def test_a_plan_prints_widths_by_size_and_what_is_needed(predictions):
    plans = [
        plan_precision(predictions, metrics=name, width=width, sizes=[10, 20], **OPTIONS)
        for name, width in (("rmse", 0.2), ("correlation_between", 0.1))
    ]
    section = describe(join_plans(plans))
    for plan, head in zip(plans, ("RMSE, width 0.2", "r between subjects, width .1"), strict=True):
        block = pick_block(section, head)
        for size in (10, 20):
            rows = plan.table[plan.table["n_clusters"] == size]
            assert block["pair"].tolist() == rows["term"].str.replace(" - ", " − ").tolist()
            check_column(block[f"size{size}"], rows["width"])
        check_column(block["needed"], plan.table.drop_duplicates("term")["needed"], 0.5)
    told = write_plain(section.sentences[0]).replace("\xa0", " ")
    needed = sorted(plans[0].table["needed"].astype(int))
    assert f"RMSE, width 0.2, {needed[0]:,} to {needed[-1]:,}" in told
    far = any((plan.table["needed"] > 200).any() for plan in plans)
    assert ("Beyond 10 times as many subjects it is an extrapolation" in read_notes(section)) is far


def test_a_plan_without_a_width_has_the_sentence_of_its_result(predictions):
    plan = plan_precision(predictions, metrics="rmse", sizes=[10, 40], **OPTIONS)
    section = describe(plan)
    assert "needed" not in {column.key for column in section.tables[0].columns}
    assert write_plain(section.sentences[0])[:30] == plan.sentence()[:30]
    assert set(section.tables[0].cells["group"]) == {"RMSE"}


def test_training_runs_name_what_their_errors_mean(predictions):
    rng = np.random.default_rng(3)
    runs = pd.concat(
        predictions.assign(
            seat=seat, prediction=predictions["prediction"] + 0.3 * rng.normal(size=320)
        )
        for seat in range(3)
    )
    result = split_variance(runs.drop(columns="context"), metrics="rmse")
    section = describe(result)
    assert section.tables[0].title == "Error From Test Subjects and From Training (3 Runs)"
    cells = section.tables[0].cells
    for name in ("estimate", "error_test", "error_training", "error_run"):
        check_column(cells[name], result.table[name])
    check_column(cells["share_training"].str.rstrip("%"), 100 * result.table["share_training"], 0.5)
    assert "other test subjects" in read_notes(section)


def test_every_table_is_named_in_a_sentence_and_none_twice(predictions, comparison):
    results = [
        comparison,
        judge_equivalence(comparison, margin=0.2),
        permute_models(predictions, metrics=METRICS, by="context", **OPTIONS),
        compare_contexts(predictions, metrics=METRICS, **OPTIONS),
        plan_precision(predictions, metrics="rmse", sizes=[10, 20], **OPTIONS),
    ]
    sections = describe_results(gather_analysis(results))
    names = [section.name for section in sections]
    assert names == [
        *("performance", "comparisons", "contexts", "equivalence", "permutation", "precision")
    ]
    numbers = [table.name for section in sections for table in section.tables]
    assert len(numbers) == len(set(numbers))
    for section in sections:
        words = " ".join(write_plain(text) for text in section.sentences).replace("\xa0", " ")
        assert all(f"Table {table.name}" in words for table in section.tables)
