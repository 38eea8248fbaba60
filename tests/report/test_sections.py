"""What the sections say in unusual cases. Words are compared as printed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from exprstats.document.text import write_plain
from exprstats.measurement import fit_factor
from exprstats.report import build_document, gather_analysis, write_report

pytestmark = pytest.mark.usefixtures("blank_pictures")


def read_section(results, name):
    document = build_document(gather_analysis(results, None))
    return next(section for section in document.sections if section.name == name)


def read_words(section):
    texts = [*section.sentences, *section.caveats, *section.points]
    texts += [note for table in section.tables for note in table.notes]
    return " ".join(write_plain(text) for text in texts).replace("\xa0", " ")


def change(result, **columns):
    """Return a result whose rows hold other values where a mask says so."""
    table = result.table.copy()
    for name, (mask, value) in columns.items():
        table.loc[mask(table), name] = value
    return replace(result, table=table)


def test_the_closed_form_is_said_at_the_top_and_beside_table_2(plain, tmp_path, read_page):
    page = read_page(write_report(plain, tmp_path / "report"))
    banner = "This analysis was made without R and lavaan (R was taken away)"
    assert page.text.count(banner) == 2
    assert page.text.index(banner) < page.text.index("What was analyzed")
    assert "Rosseel" not in page.text
    assert "closed form that exists for three items" in page.text


@pytest.mark.r
def test_lavaan_is_named_with_its_call_and_versions(run_study_path, tmp_path, read_page):
    results = run_study_path()
    page = read_page(write_report(results, tmp_path / "report"))
    versions = results.factor.receipt.versions
    assert f"R call for all clips: {results.factor.receipt.call} (v1 = response," in page.text
    assert results.factor.receipt.call in page.texts
    assert f"lavaan {versions['lavaan']} (Rosseel, 2012) in R {versions['R']} (R Core" in page.text
    assert any(text.startswith("R Core Team.") for text in page.references)
    assert "did not take part" not in page.text


@pytest.mark.r
def test_four_items_show_their_fit_and_no_banner():
    rng = np.random.default_rng(1)
    common = rng.normal(size=300)
    loadings = {"x1": 0.9, "x2": 0.8, "x3": 0.7, "x4": 0.6}
    items = {name: slope * common + rng.normal(size=300) for name, slope in loadings.items()}
    factor = fit_factor(
        pd.DataFrame(items | {"clip": np.arange(300).astype(str)}), items=list(items)
    )
    words = read_words(read_section([factor], "measurement"))
    chisq = factor.table.loc[factor.table["term"].eq("chisq"), "estimate"].iloc[0]
    assert f"Fit over all clips: χ²(2) = {chisq:.2f}, p " in words
    assert "cannot be tested" not in words


def test_without_subjects_the_f_interval_stands_alone_with_its_caveat(plain):
    table = plain.reliability.table
    table = table[table["method"].eq("f")].assign(headline=table["k_rule"].eq("harmonic"))
    bare = replace(plain.reliability, table=table.assign(n_clusters=None))
    section = read_section([bare], "reliability")
    assert "No subjects were named, so the intervals treat clips as independent." in read_words(
        section
    )
    assert "clusters" not in [column.key for column in section.tables[0].columns]


def test_raters_who_all_rated_everything_are_told_from_raters_who_differ(plain):
    words = read_words(read_section([plain.reliability], "methods"))
    assert "because raters differed from clip to clip and the ratings" in words
    design = plain.reliability.design.assign(raters_min=plain.reliability.design["n_raters"])
    crossed = replace(plain.reliability, design=design)
    assert "because the ratings of a clip" in read_words(read_section([crossed], "methods"))
    assert "Every rater rated every clip." in read_words(read_section([crossed], "reliability"))


def test_one_question_in_several_contexts_has_a_row_for_each_context(plain):
    one = plain.reliability.table[plain.reliability.table["item"].eq("motion")]
    table = read_section([replace(plain.reliability, table=one)], "reliability").tables[0]
    assert table.group is None
    assert table.cells["context"].tolist() == ["startle", "pain", "All", "All clips as one sample"]
    assert table.title == "Inter-Rater Reliability per Context"


def test_a_negative_reliability_is_printed_in_full_and_explained(plain):
    def pick(table):
        return table["headline"] & table["item"].eq("motion") & table["context"].isna()

    section = read_section([change(plain.reliability, estimate=(pick, -1.0104))], "reliability")
    assert "−1.01" in section.tables[0].cells["average"].tolist()
    assert "The coefficient of motion, all contexts is negative: clips differ less" in read_words(
        section
    )


def test_a_limit_that_nothing_attains_and_an_interval_that_was_refused_are_named(plain):
    def pick(table):
        return table["headline"] & table["item"].eq("motion") & table["context"].isna()

    low = change(plain.reliability, conf_low=(pick, -np.inf))
    cells = read_section([low], "reliability").tables[0].cells
    assert cells["jackknife"].str.startswith("[not attainable, ").sum() == 1
    refused = (pick, "cluster interval refused: there is one subject")
    nothing = {"conf_low": (pick, np.nan), "conf_high": (pick, np.nan), "note": refused}
    gone = change(plain.reliability, **nothing)
    assert (
        "No interval could be computed for motion, all contexts: there is one subject."
        in read_words(read_section([gone], "reliability"))
    )


def test_few_draws_are_warned_of_where_the_bootstrap_is_printed(plain):
    def all_rows(table):
        return table.index >= 0

    comparison = change(plain.comparison, headline=(all_rows, False))
    comparison.table.loc[comparison.table["method"].eq("percentile"), "headline"] = True
    words = read_words(read_section([comparison], "comparisons"))
    assert "With 300 draws no p below .007 can be seen" in words
    assert "come from a bootstrap that resamples subjects" in words


def test_the_caveat_on_few_subjects_goes_by_their_number(plain):
    def all_rows(table):
        return table.index >= 0

    many = change(plain.comparison, n_clusters=(all_rows, 40))
    assert read_section([many], "performance").caveats == ()
    asked = change(plain.comparison, headline=(all_rows, False))
    asked.table.loc[asked.table["method"].eq("percentile"), "headline"] = True
    words = read_words(read_section([asked], "performance"))
    assert "(6 here) a bootstrap interval is too narrow; it is reported because it was" in words


def test_weights_that_are_all_zero_are_said_in_words_without_a_figure(plain):
    zero = change(plain.models, estimate=(lambda t: t["term"].eq("weight"), 0.0))
    section = read_section([zero], "weights")
    assert section.figures == ()
    assert "All weights are zero in every model" in read_words(section)
    assert set(section.tables[0].cells["context0"][:3]) == {"0"}


def test_large_weights_are_named_by_size(plain):
    words = read_words(read_section([plain.models], "weights"))
    weights = plain.models.table[plain.models.table["term"].eq("weight")]
    pooled = weights[weights["context"].isna()].set_index("feature")["estimate"]
    large = pooled[pooled.abs() >= 0.2].sort_values(key=abs, ascending=False)
    told = words.split("All: ")[1].split(".  ")[0]
    assert [name for name in large.index if name in told] == list(large.index)
    assert not any(name in told.split(". ")[0] for name in pooled.index.difference(large.index))


def test_three_metrics_stack_and_many_contexts_turn_table_3(run_path_without_r, plain):
    results = run_path_without_r(metrics=("nrmse", "correlation", "mae"), against=None)
    section = read_section(results, "comparisons")
    columns = [column.key for column in section.tables[0].columns]
    assert columns == ["pair", "estimate0", "limits0", "p0", "adjusted0"]
    groups = list(dict.fromkeys(section.tables[0].cells["group"]))
    assert groups[:3] == ["NRMSE, startle", "NRMSE, pain", "NRMSE, All"]
    assert len(section.tables[0].cells) == 3 * 3 * 3
    table = plain.comparison.table
    more = [table.assign(context=letter) for letter in "abcdef"]
    many = replace(plain.comparison, table=pd.concat([*more, table]))
    turned = read_section([many], "performance").tables[0]
    assert [column.key for column in turned.columns] == ["model", "metric0", "metric1"]


def test_a_limit_below_zero_of_an_error_is_explained(plain):
    def pick(table):
        return table["headline"] & table["metric"].eq("nrmse") & table["versus"].isna()

    words = read_words(read_section([plain.comparison], "performance"))
    assert "read a limit below 0 as 0" not in words
    below = change(plain.comparison, conf_low=(pick, -0.1))
    words = read_words(read_section([below], "performance"))
    assert "Errors cannot be negative: read a limit below 0 as 0." in words


def test_models_with_names_of_their_own_keep_them(plain):
    named = change(plain.comparison, model=(lambda t: t["model"].eq("elastic"), "lstm-2"))
    document = build_document(gather_analysis([replace(named, against=None)], None))
    section = next(section for section in document.sections if section.name == "performance")
    assert section.tables[0].cells["model"].tolist()[:2] == ["lstm-2", "normal"]


def test_no_input_is_changed(plain):
    before = [result.tidy().copy() for result in plain]
    build_document(gather_analysis(plain, None))
    for result, table in zip(plain, before, strict=True):
        assert result.tidy().equals(table)
