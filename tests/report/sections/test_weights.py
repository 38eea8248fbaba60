"""Weights without a penalty as printed. Cells against the tidy rows."""

from dataclasses import replace

import pytest

from exprstats.document.text import write_plain
from exprstats.report import build_document, gather_analysis


def read_section(results, name="weights"):
    document = build_document(gather_analysis(results, None))
    return next(section for section in document.sections if section.name == name)


def read_words(section):
    texts = [*section.sentences, *section.caveats]
    return " ".join(write_plain(text) for text in texts).replace("\xa0", " ")


def write(value):
    return f"{value:.2f}".replace("-", "−")


@pytest.fixture(scope="module")
def weights(resampled):
    return resampled[0]


def test_table_6_prints_the_headline_rows(weights):
    table = read_section([weights]).tables[1]
    assert (table.name, table.title) == ("regression", "Regression Weights Without Penalty")
    rows = weights.table[weights.table["term"].eq("unpenalised") & weights.table["headline"]]
    assert len(table.cells) == len(rows) == 9
    for printed, row in zip(table.cells.to_dict("records"), rows.to_dict("records"), strict=True):
        assert printed["feature"] == row["feature"]
        assert printed["estimate"] == write(row["estimate"])
        limits = [write(row[name]) for name in ("conf_low", "conf_high")]
        assert printed["limits"] == f"[{limits[0]}, {limits[1]}]"
        if 0.001 <= row["p_value"] <= 0.999:
            assert printed["p_value"] == f"{row['p_value']:.3f}"[1:]
    assert len(table.rows) == 2 * len(rows)


def test_the_sentence_names_what_differs_after_adjustment(weights):
    table = weights.table.copy()
    own = table["term"].eq("unpenalised") & table["headline"] & table["context"].isna()
    columns = ["estimate", "conf_low", "conf_high", "p_adjusted"]
    table.loc[own, columns] = [0.9, -0.1, 1.9, 0.0501]
    table.loc[own & table["feature"].eq("au_count"), columns] = [0.4, 0.2, 0.6, 0.0004]
    table.loc[own & table["feature"].eq("head_velocity"), columns] = [-0.5, -0.9, -0.1, 0.049]
    words = read_words(read_section([replace(weights, table=table)]))
    assert (
        "All: head_velocity (b = −0.50, 95% CI [−0.90, −0.10], p = .049), "
        "au_count (b = 0.40, 95% CI [0.20, 0.60], p < .001). "
    ) in words
    assert "Read Table 1 for prediction and Table 2 for inference." in words


def test_none_and_undefined_are_said_so(weights):
    table = weights.table.copy()
    own = table["term"].eq("unpenalised")
    table.loc[own & table["context"].eq("pain"), "p_adjusted"] = 0.5
    table.loc[own & table["context"].isna(), ["p_adjusted", "estimate"]] = None
    words = read_words(read_section([replace(weights, table=table)]))
    assert "pain: none." in words
    assert "All: not defined." in words


def test_weights_without_such_rows_have_one_table(weights):
    bare = replace(weights, table=weights.table[weights.table["term"].ne("unpenalised")])
    section = read_section([bare])
    assert [table.name for table in section.tables] == ["weights"]
    assert "Table 6" not in read_words(section)


def test_methods_tell_how_they_are_tested(plain, weights):
    words = read_words(read_section([plain.models, weights], "methods"))
    assert "in the same regression without a penalty, by a delete-one jackknife" in words


def test_one_context_and_the_pool_are_not_two_contexts(plain):
    told = "a difference between two contexts\N{RIGHT SINGLE QUOTATION MARK} weights is not tested"
    assert told in read_words(read_section([plain.models]))
    table = plain.models.table
    pain = table["context"].isna() | table["context"].eq(table["context"].dropna().iloc[0])
    kept = pain | table["term"].ne("weight")
    words = read_words(read_section([replace(plain.models, table=table[kept])]))
    assert "two contexts" not in words
    assert "Weights are shown without intervals; the penalty shrinks them" in words
