"""One model or one for each context, as printed. Cells against the tidy rows."""

from dataclasses import replace

import numpy as np
import pytest

from exprstats.inference import compare_models
from exprstats.models import pair_pooled
from exprstats.report.levels import find_share, warn_of_levels
from exprstats.report.performance import describe_performance
from exprstats.report.pieces import Pieces
from exprstats.report.pooling import describe_pooling
from exprstats.report.prose import write_plain


def print_words(section):
    texts = (*section.sentences, *section.caveats)
    return " ".join(write_plain(text) for text in texts).replace("\xa0", " ")


@pytest.fixture(scope="module")
def pooling(plain):
    pair = pair_pooled(plain.models).query("part == 'test'")
    options = {"against": "elastic", "by": "context", "draws": 200, "seed": 1}
    return compare_models(pair, metrics=["rmse", "correlation"], **options)


def test_the_table_holds_both_models_and_their_difference(pooling):
    assert describe_pooling(Pieces("none")) is None
    section = describe_pooling(Pieces("study", pooling=pooling))
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
    words = print_words(describe_pooling(Pieces("s", pooling=replace(pooling, table=table))))
    assert f"{said}" in words
    counted = "2 of 2 contexts" if p < 0.05 else "none of 2 contexts"
    assert f"taken one by one, {counted} differed at the .05 level" in words
    # Where a context's difference is not defined, it is not among those that were tested.
    lost = table.assign(p_value=table["p_value"].mask(table["context"] == "pain"))
    words = print_words(describe_pooling(Pieces("s", pooling=replace(pooling, table=lost))))
    assert "of 1 context differed" in words


def test_levels_of_contexts_are_a_caveat_where_they_matter(plain):
    pieces = Pieces("s", models={"elastic": plain.models}, comparison=plain.comparison)
    assert warn_of_levels(pieces) == ()
    rows = plain.models.predictions
    moved = rows.assign(truth=rows["truth"] + 5 * (rows["context"] == "pain"))
    apart = replace(pieces, models={"elastic": replace(plain.models, predictions=moved)})
    test = moved[(moved["fitted_on"] == "all") & (moved["part"] == "test")]
    share = find_share(test)
    within = test.groupby("context")["truth"].var(ddof=0) @ test["context"].value_counts(
        normalize=True
    ).reindex(sorted(test["context"].unique()))
    assert share == pytest.approx(1 - within / test["truth"].var(ddof=0))
    words = print_words(describe_performance(apart))
    assert f"{100 * share:.0f}% of the variance of the target" in words
    assert "Contexts differ in level" not in print_words(describe_performance(pieces))
