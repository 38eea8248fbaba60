"""Weights with intervals and contrasts of contexts, as printed. Cells against the tidy rows."""

from dataclasses import replace

import pytest

from exprstats.document.text import write_plain
from exprstats.report import build_document, gather_analysis


def read_section(results, name):
    document = build_document(gather_analysis(results, None))
    return next(section for section in document.sections if section.name == name)


def read_words(section):
    texts = [*section.sentences, *section.caveats]
    texts += [note for table in section.tables for note in table.notes]
    return " ".join(write_plain(text) for text in texts).replace("\xa0", " ")


def change(result, mask, **columns):
    table = result.table.copy()
    for name, value in columns.items():
        table.loc[mask(table), name] = value
    return replace(result, table=table)


def pick(table, **equal):
    for name, value in equal.items():
        table = table[table[name].isna() if value is None else table[name].eq(value)]
    return table


def test_table_5_prints_interval_and_shares(plain, resampled):
    weights, _ = resampled
    table = read_section([plain.models, weights], "weights").tables[0]
    cells = table.cells.set_index(["context", "feature"])
    for context, printed in (("pain", "pain"), (None, "All")):
        own = pick(weights.table, context=context, feature="au_count")
        row = cells.loc[(printed, "au_count")]
        weight = pick(own, term="weight").iloc[0]
        assert row["estimate"] == f"{weight['estimate']:.2f}".replace("-", "−")
        low, high = (f"{weight[name]:.2f}".replace("-", "−") for name in ("conf_low", "conf_high"))
        assert row["limits"] == f"[{low}, {high}]"
        share = pick(own, term="selected")["estimate"].item()
        assert share == 1
        assert row["selected"] == "1.00"
    assert "Penalties chosen on the validation subjects: startle, alpha " in read_words(
        read_section([plain.models, weights], "weights")
    )


def test_shares_are_not_rounded_to_certainty(plain, resampled):
    weights, _ = resampled

    def some(table):
        return table["term"].eq("selected") & table["context"].eq("pain")

    for value, printed in ((0.998, "> .99"), (0.002, "< .01"), (0.0, ".00"), (0.5, ".50")):
        changed = change(weights, some, estimate=value)
        cells = read_section([changed], "weights").tables[0].cells
        assert set(cells.loc[cells["context"].eq("pain"), "selected"]) == {printed}


def test_weights_alone_make_a_section_with_their_figure(resampled):
    section = read_section([resampled[0]], "weights")
    assert [figure.name for figure in section.figures] == ["weights"]
    words = read_words(section)
    assert "Intervals come from 40 refits" in words
    assert "P(|w| ≥ .2)" in words
    assert "Weights are shown without intervals" not in words


def test_weights_that_are_all_zero_have_no_figure(resampled):
    zero = change(resampled[0], lambda table: table["term"].eq("weight"), estimate=0.0)
    section = read_section([zero], "weights")
    assert section.figures == ()
    assert "startle: every weight is zero." in read_words(section)


def test_the_largest_weight_is_named_where_none_is_notable(resampled):
    def small(table):
        return table["term"].eq("weight") & table["context"].eq("pain")

    weights = change(resampled[0], small, estimate=0.01)
    weights = change(
        weights, lambda table: small(table) & table["feature"].eq("au_count"), estimate=-0.1
    )
    words = read_words(read_section([weights], "weights"))
    assert "pain: no weight reached .2 in size; the largest was au_count (−0.10 [" in words


def test_collinear_features_are_warned_of(resampled):
    def some(table):
        return table["term"].eq("vif") & table["feature"].eq("au_count")

    words = read_words(read_section([change(resampled[0], some, estimate=12.0)], "weights"))
    assert "(variance inflation of 10 or more: au_count)" in words
    assert "variance inflation of 10" not in read_words(read_section([resampled[0]], "weights"))


def test_contrasts_have_their_table_sentence_and_caveat(resampled):
    _, contrasts = resampled
    section = read_section([contrasts], "contrasts")
    words = read_words(section)
    assert f"one penalty (alpha = {contrasts.alpha:g}, l1_ratio = {contrasts.l1_ratio:g})" in words
    assert "percentile intervals over resampled subjects, not tested" in words
    cells = section.tables[0].cells.set_index("feature")
    rows = pick(contrasts.table, term="difference")
    for method, name in (("percentile", "estimate"), ("ols", "slope")):
        own = pick(rows, method=method, feature="au_count")["estimate"].item()
        assert cells.loc["au_count", name] == f"{own:.2f}".replace("-", "−")


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ([], "(t tests over subjects, Holm): none of 3 differed from zero at the .05 level."),
        (["au_count"], "Holm): 1 of 3 differs from zero at the .05 level: au_count in startle"),
    ],
)
def test_the_text_tells_what_holds_by_least_squares(resampled, held, said):
    table = resampled[1].table
    differences = table["term"] == "difference"
    least = table["feature"].isin(held).map({True: 0.01, False: 0.9})
    table = table.assign(p_adjusted=least.where(differences & (table["method"] == "ols")))
    section = read_section([replace(resampled[1], table=table)], "contrasts")
    assert said in read_words(section)
    wanted = [".010" if name in held else ".900" for name in section.tables[0].cells["feature"]]
    assert section.tables[0].cells["slope_p"].tolist() == wanted


def test_differences_that_are_all_zero_prove_nothing(resampled):
    _, contrasts = resampled
    said = "leaves every weight at zero"
    assert said not in read_words(read_section([contrasts], "contrasts"))
    zero = change(contrasts, lambda table: table["term"].eq("difference"), estimate=0.0)
    assert said in read_words(read_section([zero], "contrasts"))
