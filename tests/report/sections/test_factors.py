"""Kinds of factor models as printed: cells against tidy rows, read back to the printed decimals."""

import re

import numpy as np
import pandas as pd
import pytest

from exprstats.document.text import write_plain
from exprstats.measurement import (
    average_raters,
    bootstrap_factor,
    compare_scores,
    fit_factor,
    fit_factors,
    fit_levels,
    fit_ordered,
)
from exprstats.report import build_document, gather_analysis, write_report

pytestmark = pytest.mark.usefixtures("blank_pictures")

ITEMS = ["response", "emotion", "motion"]


def read_section(result, name):
    """Return a section of a report on one result; its text names each of its tables."""
    document = build_document(gather_analysis([result]))
    assert not any(one.name.startswith("further") for one in document.sections)
    section = next(one for one in document.sections if one.name == name)
    words = " ".join(write_plain(text) for text in section.sentences).replace("\xa0", " ")
    for table in section.tables:
        assert re.search(
            rf"\(([^()]*[,;] )?Tables? ([\dA]+ and )?{table.number}( and|[,;)])", words
        ), table.number
    return section


def read_notes(table):
    return " ".join(write_plain(note) for note in table.notes).replace("\xa0", " ")


def read_cell(cell):
    """Return a printed number; a dash is NaN."""
    return float("nan") if cell == "—" else float(cell.replace("−", "-"))


def check_cells(cells, column, rows, tolerance=0.00051):
    """Compare printed estimates and limits with rows in the same order."""
    found = [read_cell(cell) for cell in cells[column]]
    np.testing.assert_allclose(found, rows["estimate"], atol=tolerance)


def split_contexts(table, context="x"):
    """Return a table whose first half is of context "All", the rest of another."""
    return table.assign(context=np.repeat(["All", context], len(table) // 2))


@pytest.fixture(scope="module")
def ordered():
    rng = np.random.default_rng(1)
    responses = rng.normal(size=(900, 1)) + 0.7 * rng.normal(size=(900, 4))
    table = pd.DataFrame(np.digitize(responses, [-1, 0, 1]), columns=list("abcd"))
    return fit_ordered(split_contexts(table), items=list("abcd"), by="context")


@pytest.mark.r
def test_ordered_answers_print_loadings_thresholds_and_each_fit(ordered):
    section = read_section(ordered, "ordered")
    loadings, thresholds = section.tables
    assert (loadings.name, thresholds.name) == ("ordered", "thresholds")
    rows = ordered.tidy()
    assert list(dict.fromkeys(loadings.cells["context"])) == ["All (context)", "x", "All"]
    for term in ("loading", "residual"):
        check_cells(loadings.cells, f"{term}_estimate", rows[rows["term"].eq(term)])
    cuts = rows[rows["term"].eq("threshold")]
    check_cells(thresholds.cells, "estimate", cuts, 0.0051)
    assert thresholds.cells["category"].astype(float).tolist() == cuts["category"].tolist()
    own = rows[rows["context"].eq("x") & rows["term"].eq("chisq")].iloc[0]
    assert f"Fit of x: scaled χ²(2) = {own['estimate']:.2f}, p = " in read_notes(loadings)
    assert "Fit of All:" not in read_notes(loadings)  # the sentence has it
    assert "take clips as independent" in read_notes(loadings)
    assert ordered.receipt.call in read_notes(loadings)


@pytest.mark.r
def test_several_factors_print_each_factor_of_each_context_apart(tmp_path):
    rng = np.random.default_rng(1)
    base = rng.normal(size=(200, 2))
    base[:, 1] = 0.6 * base[:, 0] + 0.8 * base[:, 1]
    noise = 0.6 * rng.normal(size=(200, 6))
    items = pd.DataFrame(base[:, [0, 0, 0, 1, 1, 1]] + noise, columns=list("abcdef"))
    named = {"arousal": ["a", "b", "c"], "valence": ["d", "e", "f"]}
    factors = fit_factors(split_contexts(items), items=named, by="context")
    section = read_section(factors, "factors")
    loadings, relations = section.tables
    blocks = list(dict.fromkeys(loadings.cells["block"]))
    assert blocks[:2] == ["All (context): arousal", "All (context): valence"]
    assert blocks[-1] == "All: valence"
    rows = factors.tidy()
    for term in ("loading", "residual"):
        check_cells(loadings.cells, f"{term}_estimate", rows[rows["term"].eq(term)])
    own = rows[rows["term"].isin(["omega", "correlation"])]
    check_cells(relations.cells, "estimate", own)
    assert relations.cells["what"].tolist()[:3] == [
        *("ω of arousal", "ω of valence", "r of arousal and valence")
    ]
    assert "Fit of x: χ²(8) = " in read_notes(loadings)
    write_report([factors], tmp_path / "report")
    whole = pd.read_csv(tmp_path / "report" / "tables" / "table1_factors_rows.csv")
    assert len(whole) == len(rows)
    pooled = fit_factors(items, items=named)
    table = read_section(pooled, "factors").tables[0]
    assert list(dict.fromkeys(table.cells["block"])) == ["arousal", "valence"]
    assert "Fit of" not in read_notes(table)


@pytest.mark.r
def test_two_levels_stand_beside_each_other_also_where_an_item_is_called_omega():
    rng = np.random.default_rng(1)
    person = np.repeat(rng.normal(size=(60, 1)), 6, axis=0)
    person = person + 0.4 * np.repeat(rng.normal(size=(60, 3)), 6, axis=0)
    clip = rng.normal(size=(360, 1)) + 0.6 * rng.normal(size=(360, 3))
    table = pd.DataFrame(person + clip, columns=["a", "omega", "c"])
    table["subject"] = np.repeat([f"s{i}" for i in range(60)], 6)
    levels = fit_levels(table, items=["a", "omega", "c"])
    [printed] = read_section(levels, "levels").tables
    assert printed.group is None
    names = printed.cells["name"].tolist()
    assert names == ["a", "omega", "c", "ω of the composite", "ω of clusters’ means"]
    rows = levels.tidy()
    for layer in ("within", "between"):
        own = rows[rows["layer"].eq(layer)]
        items = printed.cells.iloc[:3]
        check_cells(items, f"{layer}_estimate", own[own["term"].eq("loading")])
        check_cells(items, f"{layer}_residual", own[own["term"].eq("residual")])
        check_cells(printed.cells.iloc[[3]], f"{layer}_estimate", own[own["term"].eq("omega")])
    means = rows[rows["term"].eq("omega_means")]
    check_cells(printed.cells.iloc[[4]], "between_estimate", means)
    assert printed.cells["within_estimate"].iloc[4] == "—"
    check_cells(items, "icc", rows[rows["term"].eq("icc")])
    assert "60 clusters (subject)" in read_notes(printed)


def test_scores_compared_have_a_line_for_each_pair_and_each_kind(plain):
    card = compare_scores(plain.factor, average_raters(plain.ratings))
    section = read_section(card, "scorecard")
    [table] = section.tables
    assert table.name == "scorecard"
    cells = table.cells[table.cells["context"].eq("All")].set_index("pair")
    rows = card.table[card.table["context"].isna()]
    for row in rows.to_dict("records"):
        pair = row["score"] if pd.isna(row["versus"]) else f"{row['score']} and {row['versus']}"
        assert read_cell(cells.loc[pair, row["term"]]) == pytest.approx(
            row["estimate"], abs=0.00051
        )
    assert cells.loc["bartlett", "correlation"] == "—"
    alone = compare_scores(plain.factor, average_raters(plain.ratings).drop(columns="subject"))
    [table] = read_section(alone, "scorecard").tables
    assert "between_share" not in [column.key for column in table.columns]
    assert "Between subjects" not in read_notes(table)
    assert len(table.cells) == 9


def test_resampled_estimates_of_every_term_are_printed_with_their_draws(plain):
    items = average_raters(plain.ratings).replace({"context": {"pain": "All"}})
    resampled = bootstrap_factor(items, items=ITEMS, by="context", draws=100, seed=1)
    loadings, residuals = read_section(resampled, "measurement").tables
    rows = resampled.table[resampled.table["headline"]]
    assert (loadings.name, residuals.name) == ("loadings", "residuals")
    for table, terms in ((loadings, ["loading", "omega"]), (residuals, ["residual", "alpha"])):
        groups = list(dict.fromkeys(table.cells["group"]))
        assert groups == ["startle", "All (context)", "All", "startle − All (context)"]
        for group, context in (("startle", "startle"), ("All (context)", "All"), ("All", None)):
            own = rows[rows["term"].isin(terms) & rows["versus"].isna()]
            own = own[own["context"].isna() if context is None else own["context"].eq(context)]
            check_cells(table.cells[table.cells["group"].eq(group)], "estimate", own)
    assert "100 draws of whole clusters." in read_notes(residuals)
    assert "for all differences of residual variances (of α)." in read_notes(residuals)


def test_the_composite_of_each_context_is_printed_also_where_models_follow(plain):
    section = read_section(plain.factor, "measurement")
    table = next(one for one in section.tables if one.name == "composite")
    rows = plain.factor.table[plain.factor.table["part"].eq("all")]
    rows = rows[rows["headline"]]
    assert set(rows["method"]) >= {"jackknife"}
    check_cells(table.cells, "omega", rows[rows["term"].eq("omega")], 0.0051)
    check_cells(table.cells, "alpha", rows[rows["term"].eq("alpha")], 0.0051)
    check_cells(table.cells, "ave", rows[rows["term"].eq("ave")], 0.0051)
    document = build_document(gather_analysis(list(plain)))
    section = next(one for one in document.sections if one.name == "measurement")
    assert [one.name for one in section.tables] == ["measurement", "composite"]


@pytest.mark.r
@pytest.mark.parametrize(
    ("options", "said", "paragraph"),
    [
        ({"estimator": "mlr"}, ", with robust standard errors; ", "with robust standard errors"),
        (
            {"cluster": "subject"},
            "with standard errors that allow for clips of the same subject (24 subjects); ",
            "allow for clips of the same subject (24 subjects)",
        ),
        ({"missing": "fiml"}, "by full-information maximum likelihood", "by full-information max"),
    ],
)
def test_estimators_are_named_in_section_and_paragraph(plain, options, said, paragraph):
    factor = fit_factor(average_raters(plain.ratings), items=ITEMS, **options)
    section = read_section(factor, "measurement")
    words = write_plain(section.sentences[0]).replace("\xa0", " ")
    assert said in words
    notes = read_notes(section.tables[0])
    assert "SE and intervals by a delete-one jackknife over 24 subjects." in notes
    assert ("take clips as independent, are the rows of method" in notes) == (
        "cluster" not in options
    )
    method = "ml" if "missing" in options else "robust"
    assert f"are the rows of method {method}." in notes
    told = write_plain(read_section(factor, "methods").sentences[0]).replace("\xa0", " ")
    assert paragraph in told
    for text in (words, told):
        assert "; intervals by a delete-one jackknife over 24 subjects." in text
