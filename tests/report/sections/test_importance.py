"""Importance of features and partial dependence as printed. Cells against the tidy rows."""

import json
from dataclasses import replace

import pytest

from exprstats.document.text import write_plain
from exprstats.errors import OptionError
from exprstats.models import fit_forest, rate_importance, report_weights, trace_dependence
from exprstats.report import build_document, gather_analysis, write_report

FEATURES = ["au_count", "points_displacement", "head_velocity"]


def read_section(results, name="importance"):
    document = build_document(gather_analysis(results, None))
    return next((section for section in document.sections if section.name == name), None)


def read_words(section):
    texts = [*section.sentences, *section.caveats]
    texts += [note for one in (*section.tables, *section.figures) for note in one.notes]
    return " ".join(write_plain(text) for text in texts).replace("\xa0", " ")


def fit_twins(results):
    """Return a small forest on the features and a near copy of the first."""
    features = list(results.models.design.features)
    data = results.data.assign(twin=results.data[features[0]] * 2 + 0.01 * results.data.index)
    settings = {"target": "score", "features": [*features, "twin"], "parts": results.parts}
    return fit_forest(data, **settings, by="context", trees=20, min_leaves=[5], seed=1)


def measure(results):
    forest = fit_twins(results)
    importance = [
        rate_importance(one, repeats=3, draws=50, seed=1) for one in (results.models, forest)
    ]
    first = results.models.design.features[0]
    return forest, importance, trace_dependence(forest, features=[first, "twin"], points=4)


@pytest.fixture(scope="module")
def measured(plain):
    return measure(plain)


@pytest.fixture(scope="module")
def section(plain, measured):
    forest, importance, curves = measured
    return read_section([plain.models, forest, *importance, curves])


def test_models_stand_side_by_side_with_the_numbers_of_their_rows(measured, section):
    table = section.tables[0]
    assert [column.spanner for column in table.columns[1:]] == [
        *(["ElasticNet"] * 2),
        *(["Random forest"] * 2),
    ]
    cells = table.cells.set_index(["context", "feature"])
    for place, importance in enumerate(measured[1]):
        rows = importance.tidy()
        rows = rows[rows["headline"] & rows["context"].eq("pain")]
        row = rows[rows["feature"].eq("au_count")].iloc[0]
        printed = cells.loc[("pain", "au_count")]
        assert printed[f"estimate{place}"] == f"{row['estimate']:.3f}".replace("-", "−")
        low, high = (f"{row[name]:.3f}".replace("-", "−") for name in ("conf_low", "conf_high"))
        assert printed[f"limits{place}"] == f"[{low}, {high}]"
    # The elastic net never saw the twin.
    assert cells.loc[("pain", "twin"), "estimate0"] == "—"
    assert list(cells.loc["All"].index)[:4] == [*FEATURES, "twin"]


def test_groups_of_correlated_features_are_named_last(section):
    names = section.tables[0].cells.query("context == 'All'")["feature"].tolist()
    assert names[-1] == "Together: au_count + twin"
    assert "Rows of features that are exchanged together show" in read_words(section)


def test_the_sentence_names_what_lies_above_zero_largest_first(measured):
    importance = measured[1][1]
    table = importance.tidy()
    single = table["term"].eq("importance") & table["headline"]
    numbers = ["estimate", "conf_low", "conf_high"]
    table.loc[single, numbers] = [0.2, -0.1, 0.5]
    for name, values in (("au_count", [0.2, 0.1, 0.3]), ("twin", [0.3, 0.0004, 0.6])):
        own = single & table["feature"].eq(name) & table["context"].isna()
        table.loc[own, numbers] = values
    section = read_section([replace(importance, table=table)])
    assert write_plain(section.sentences[1]).replace("\xa0", " ") == (
        "Features of the random forest whose interval lies above zero (rise and 95% CI): "
        "startle, none; pain, none; All, twin (0.300 [0.0004, 0.600]) and "
        "au_count (0.200 [0.100, 0.300])."
    )


def test_few_subjects_and_shared_importance_are_said_beside_it(section):
    words = read_words(section)
    assert "Importance rests on few test subjects (6)" in words
    assert "Correlated features share their importance" in words
    assert "in 3 random orders" in words
    assert "jackknife intervals over test subjects" in words


def test_figures_are_numbered_after_the_others(section):
    assert [figure.name for figure in section.figures] == ["importance", "dependence"]
    assert "moved most along" in read_words(section)
    assert "The curves of partial dependence have no intervals" in read_words(section)


def test_features_that_no_model_uses_are_left_out_and_said_so(measured):
    importance = measured[1][0]
    table = importance.tidy()
    numbers = ["estimate", "conf_low", "conf_high"]
    table.loc[table["context"].eq("pain") & table["feature"].eq("au_count"), numbers] = 0.0
    cells = read_section([replace(importance, table=table)]).tables[0].cells
    assert "au_count" not in set(cells.loc[cells["context"].eq("pain"), "feature"])
    assert "au_count" in set(cells.loc[cells["context"].eq("startle"), "feature"])
    table[numbers] = 0.0
    empty = read_section([replace(importance, table=table)])
    assert set(empty.tables[0].cells["estimate0"]) == {"0"}
    assert "No feature of ElasticNet has an interval above zero in any context." in read_words(
        empty
    )


def test_too_many_rows_keep_the_largest(measured, monkeypatch):
    monkeypatch.setattr("exprstats.report.sections.importance.MOST_ROWS", 10)
    section = read_section([measured[1][1]])
    cells = section.tables[0].cells
    rows = measured[1][1].tidy()
    rows = rows[rows["headline"] & rows["context"].isna()].nlargest(3, "estimate")
    own = cells.loc[cells["context"].eq("All"), "feature"].str.removeprefix("Together: ")
    assert set(own) == set(rows["feature"])
    whole = measured[1][1].tidy().query("headline")
    assert f"Without the {len(whole) - 9} lines of smallest" in read_words(section)


def test_weights_bring_the_importance_of_their_model(plain):
    weights = report_weights(plain.models, draws=10, repeats=2, seed=1)
    section = read_section([plain.models, weights])
    assert len(section.tables[0].cells) == 9
    bare = replace(weights, table=weights.table[~weights.table["term"].str.contains("import")])
    assert read_section([plain.models, bare]) is None


def test_curves_alone_are_a_section_and_two_of_a_model_are_refused(measured):
    section = read_section([measured[2]])
    assert section.tables == ()
    assert [figure.name for figure in section.figures] == ["dependence"]
    with pytest.raises(OptionError, match="two Importance of model 'forest'"):
        gather_analysis([measured[1][1]] * 2, None)


def test_methods_name_permutation_and_partial_dependence(plain, measured):
    forest, importance, curves = measured
    section = read_section([plain.models, forest, *importance, curves], "methods")
    words = read_words(section)
    for told in ("(Breiman, 2001), averaged over 3 permutations", "(Friedman, 2001)", "20 trees"):
        assert told in words


def test_hostile_names_go_through(hostile, hostile_names, tmp_path, read_page):
    forest, importance, curves = measure(hostile)
    results = [hostile.models, forest, *importance, curves]
    page = read_page(write_report(results, tmp_path / "report"))
    assert page.unclosed == []
    assert "script" not in page.tags
    cells = [cell for table in page.tables for row in table for cell in row]
    assert f"Together: {hostile_names[5]} + twin" in cells
    found = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    assert set(found["importance"]) == {"elastic", "forest"}
    assert set(found["dependence"]) == {"forest"}
