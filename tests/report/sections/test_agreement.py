"""Section on agreement of categories. Cells against counts by hand and the tidy rows."""

import pandas as pd
import pytest

from exprstats.apa import write_interval, write_number
from exprstats.document.text import write_plain
from exprstats.reliability import measure_agreement
from exprstats.report import describe_results, gather_analysis


def read(result):
    [section] = describe_results(gather_analysis(result))
    words = " ".join(write_plain(one) for one in section.sentences).replace("\xa0", " ")
    return section, words, {table.name: table for table in section.tables}


def write(value):
    return write_number(value, bounded=True)


@pytest.fixture
def smiles():
    """Two raters of ten clips: both saw 3 smiles and 4 times none, one rater saw 3 more."""
    pairs = [(1, 1)] * 3 + [(0, 0)] * 4 + [(1, 0)] * 2 + [(0, 1)]
    return pd.DataFrame(
        [
            {"clip": f"c{i}", "rater": name, "item": "smile", "rating": float(value)}
            for i, pair in enumerate(pairs)
            for name, value in zip(("ann", "bob"), pair, strict=True)
        ]
    )


def test_shares_and_kappa_are_those_counted_by_hand(smiles):
    _, words, tables = read(measure_agreement(smiles, scale=(0, 1), weights="identity"))
    cells = tables["agreement"].cells.set_index("name")
    assert cells.index[0] == "Krippendorff’s α (nominal)"
    # 7 of 10 agree; positive 2·3/(5 + 4), negative 2·4/(5 + 6); chance .5·.4 + .5·.6 = .5.
    assert cells["estimate"]["Percent agreement"] == ".70"
    assert cells["estimate"]["Positive agreement"] == ".67"
    assert cells["estimate"]["Negative agreement"] == ".73"
    assert cells["estimate"]["Mean κ of pairs of raters (no weights)"] == ".40"
    assert (
        "the same value in 70% of all cases; where one chose the higher value, the other" in words
    )
    assert "did in 67%; where one chose the lower, the other did in 73%." in words
    # 1 − 19·3·2/(2·9·11): 20 values, 9 of them 1, 6 of them in unlike pairs.
    assert words.startswith(f"Krippendorff’s α (nominal differences) = {write(1 - 19 * 6 / 198)},")
    pair = tables["agreement_pairs"].cells.iloc[0]
    told = ("ann and bob", "10", "70%", ".40")
    assert tuple(pair[["pair", "n_shared", "percent_agreement", "kappa"]]) == told
    counts = tables["agreement_confusions"].cells
    assert counts[["value", "v0", "v1"]].to_numpy().tolist() == [["0", "4", "1"], ["1", "2", "3"]]
    notes = " ".join(write_plain(one) for one in tables["agreement"].notes).replace("\xa0", " ")
    assert "95% CI: delete-one jackknife over clips, with the raters treated as fixed." in notes
    assert "Over 10 clips" not in notes


def test_coefficients_that_need_the_scale_say_so(smiles):
    _, _, tables = read(measure_agreement(smiles, weights="identity"))
    cells = tables["agreement"].cells.set_index("name")["estimate"]
    assert cells["Gwet’s AC1 (no weights)"] == "—"
    notes = " ".join(write_plain(one) for one in tables["agreement"].notes)
    assert "Not known without the scale that raters chose from: declare it" in notes


def test_many_places_have_their_ends_and_many_pairs_the_worst(plain):
    agreement = measure_agreement(plain.ratings, by="context", draws=40, seed=1)
    _, words, tables = read(agreement)
    rows = agreement.table[agreement.table["method"].eq("jackknife")]
    shown = tables["agreement"].cells
    assert len(shown) == len(rows)
    assert sorted(shown["estimate"]) == sorted(write(x) for x in rows["estimate"])
    assert "bootstrap" in [column.key for column in tables["agreement"].columns]
    alphas = rows[rows["term"].eq("alpha")]
    low = alphas.loc[alphas["estimate"].idxmin()]
    limits = write_interval(low["conf_low"], low["conf_high"], bounded=True)
    told = f"{write(low['estimate'])}, 95% CI {limits} ({low['item']}, "
    assert f"Krippendorff’s α (interval differences) lay between {told}" in words
    assert "Over all clips as one sample, with differences between contexts counted" in words
    assert len(agreement.pairs) > 15 and len(tables["agreement_pairs"].cells) == 15
    lowest = agreement.pairs["kappa"].nsmallest(15)
    assert sorted(tables["agreement_pairs"].cells["kappa"]) == sorted(write(x) for x in lowest)
    assert "agreement_confusions" not in tables
