"""Every kind of interval is named for what it is. Words are compared as printed."""

from dataclasses import replace

import pytest

from exprstats.document.text import write_plain
from exprstats.inference import compare_models
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
    assert "it is printed because it was asked for" in words
    assert "jackknife-t intervals are printed" not in words
    assert "(Field & Welsh, 2007; Davison & Hinkley, 1997)" in words
    assert "Davison, A. C., & Hinkley, D. V. (1997)." in words
    assert "With 300 draws no p below" in words


def test_the_jackknife_stands_in_for_few_subjects(plain):
    words = read_words(rename_method(plain.comparison, "jackknife"))
    assert "jackknife-t intervals are printed instead" in words
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
