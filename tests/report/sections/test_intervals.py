"""Every kind of interval is named for what it is. Words are compared as printed."""

import re
from dataclasses import replace

import pytest

from exprstats.document.text import write_plain
from exprstats.inference import compare_models, describe_methods
from exprstats.models import stack_predictions
from exprstats.report import build_document, gather_analysis

NAMES = {
    "basic": ("basic intervals of a bootstrap", "95% basic bootstrap confidence intervals"),
    "bca": ("accelerated (BCa) intervals of a bootstrap", "95% BCa confidence intervals"),
    "t": ("bootstrap-t intervals", "95% bootstrap-t confidence intervals"),
}


def read_words(*results):
    document = build_document(gather_analysis(results, None))
    texts = [one for section in document.sections for one in (*section.sentences, *section.caveats)]
    notes = [note for s in document.sections for table in s.tables for note in table.notes]
    told = [*texts, *notes, *document.references]
    return " ".join(write_plain(text) for text in told).replace("\xa0", " ")


def rename_method(comparison, method):
    table = comparison.table
    return replace(comparison, table=table.assign(method=method))


@pytest.mark.parametrize("method", NAMES)
def test_other_bootstrap_intervals_are_told(plain, method):
    words = read_words(rename_method(plain.comparison, method))
    for name in NAMES[method]:
        assert name in words
    assert "Intervals and two-sided p values come from a bootstrap that resamples subjects" in words
    assert "it is reported because it was requested" in words
    assert "jackknife-t intervals are printed" not in words
    assert words.count("(Field & Welsh, 2007)") == 1
    assert "come from these draws (Davison & Hinkley, 1997)." in words
    assert "Davison, A. C., & Hinkley, D. V. (1997)." in words
    assert "With 300 draws no p below" in words


def test_the_paragraph_says_what_was_resampled_in_the_words_of_the_inference_room(plain):
    drawn = rename_method(plain.comparison, "percentile")
    [sentence] = [one for one in re.split(r"(?<=\.) ", read_words(drawn)) if "Field &" in one][:1]
    assert sentence in describe_methods(drawn)
    clusters = drawn.table["n_clusters"].max()
    assert f"whole clusters ({clusters:.0f}, by subject) were resampled" in sentence
    assert "in 300 draws" in sentence
    assert "Davison" not in read_words(drawn)


def test_rows_drawn_within_clusters_are_told_with_their_source(plain):
    drawn = rename_method(replace(plain.comparison, scheme="two-stage"), "percentile")
    words = read_words(drawn)
    assert "and then rows of each drawn cluster (Davison & Hinkley, 1997, §3.8)," in words
    assert "Davison, A. C., & Hinkley, D. V. (1997)." in words


def test_few_subjects_are_named_beside_jackknife_intervals(plain):
    words = read_words(rename_method(plain.comparison, "jackknife"))
    assert "rest on 6 test subjects; with fewer than 10 intervals are not trustworthy" in words
    assert "Davison" not in words and "draws" not in words


def test_nothing_is_said_of_differences_where_there_is_one_model(plain):
    guesses = stack_predictions(plain.models)
    alone = compare_models(guesses, metrics=["nrmse"], span=7, by="context", draws=100, seed=1)
    words = read_words(plain.models, alone)
    assert "of test performance come from" in words
    assert "Holm" not in words and "differences" not in words


def test_a_verdict_is_of_the_level_of_the_interval(plain):
    table = plain.comparison.table.assign(p_adjusted=0.02)
    assert "lower than that of" in read_words(replace(plain.comparison, table=table))
    strict = replace(plain.comparison, table=table.assign(level=0.99))
    words = read_words(strict)
    assert "not reliably different from" in words and "lower than that of" not in words


@pytest.mark.parametrize(("level", "mark"), [(0.95, ".05"), (0.995, ".005"), (0.999, ".001")])
def test_the_mark_of_a_level_has_all_its_digits(resampled, level, mark):
    _, contrasts = resampled
    assert f"at the {mark} level" in read_words(replace(contrasts, level=level))
