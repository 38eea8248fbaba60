"""Guards of tables that verbs are given: the same findings as of files, each said once.

Values that must come out are computed here by hand, from sums of squares, or are ids as written.
"""

import unicodedata
import warnings

import numpy as np
import pandas as pd
import pytest

from exprstats import (
    DataError,
    DataWarning,
    average_raters,
    compare_models,
    describe_design,
    fit_elastic,
    fit_factor,
    measure_agreement,
    measure_errors,
    rate_reliability,
    read_clips,
    read_ratings,
    split_subjects,
)
from exprstats.io.guards.codes import find_codes
from exprstats.io.guards.features import judge_features, list_lost
from exprstats.io.guards.tables import guard_table

from .conftest import HEADER, ROWS, write_rows
from .test_cases import rate_by_hand

ITEMS = ["joy", "calm", "warm"]


def make_ratings():
    return pd.DataFrame(ROWS, columns=HEADER).assign(item="rating")


def make_items(n=60):
    rng = np.random.default_rng(3)
    trait = rng.normal(size=n)
    answers = {
        name: np.clip(np.round(2 + trait + rng.normal(size=n) * 0.7), 0, 4) for name in ITEMS
    }
    return pd.DataFrame({"clip": [f"c{i}" for i in range(n)], **answers})


def make_clips(n=120):
    rng = np.random.default_rng(4)
    table = pd.DataFrame(rng.normal(size=(n, 2)), columns=["smile", "nod"])
    table["score"] = 0.7 * table["smile"] + rng.normal(size=n)
    return table.assign(clip=[f"c{i}" for i in range(n)], subject=[f"p{i // 4}" for i in range(n)])


def catch(call, *args, **options):
    """Return the texts of all warnings about data of a call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(*args, **options)
    return [str(one.message) for one in caught if issubclass(one.category, DataWarning)]


@pytest.mark.parametrize(
    "verb", [rate_reliability, describe_design, measure_errors, measure_agreement, average_raters]
)
@pytest.mark.parametrize("codes", [[99], [-9, 99], [44]])
def test_verbs_of_ratings_name_codes_and_what_to_do(verb, codes):
    table = make_ratings()
    table["rating"] = table["rating"].astype(float)
    table.loc[table.index[: len(codes)], "rating"] = codes
    options = {"scale": (0, 4)} if verb is measure_agreement else {}
    told = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            verb(table, **options)
        except DataError:
            assert verb is measure_agreement  # it refuses what is not on the scale
    told = [str(one.message) for one in caught if "far from the other values" in str(one.message)]
    assert len(told) == 1
    assert " and ".join(map(str, sorted(codes))) in told[0]
    assert "rows 1, 2" in told[0] if len(codes) > 1 else "row 1" in told[0]
    # The cure is Python that runs, and the warning is gone.
    cure = told[0].split("missing value: ")[1].split("; else")[0]
    exec(cure, {}, {"table": table})
    assert table["rating"].isna().sum() == len(codes)
    assert not [one for one in catch(average_raters, table) if "far from" in one]


def test_a_code_that_hides_in_another_items_scale_is_found():
    rng = np.random.default_rng(5)
    rows = [
        (f"c{i}", f"r{j}", item, float(rng.integers(0, 5) * (1 if item == "joy" else 50)))
        for i in range(20)
        for j in range(3)
        for item in ("joy", "heat")
    ]
    table = pd.DataFrame(rows, columns=["clip", "rater", "item", "rating"])
    assert not [one for one in catch(rate_reliability, table) if "far from" in one]
    table.loc[0, "rating"] = 99
    (told,) = [one for one in catch(rate_reliability, table) if "far from" in one]
    assert "1 cell holds 99" in told and "(0 to 4)" in told


def test_a_file_is_warned_of_once_by_reader_and_verb(tmp_path):
    rows = [[*row] for row in ROWS]
    rows[5][2] = 99
    rows[6][3] += "\u200b"
    path = write_rows(tmp_path / "a.csv", [HEADER, *rows])

    def run():
        table = read_ratings(path)
        rate_reliability(table)
        describe_design(table)
        average_raters(table)

    told = catch(run)
    for text in ("far from the other values", "looks alike"):
        assert sum(text in one for one in told) == 1
    # What somebody puts in later is said.
    with warnings.catch_warnings(action="ignore"):
        table = read_ratings(path)
    table.loc[0, "rating"] = -77
    assert any("-77" in one for one in catch(rate_reliability, table))
    # An answer on a declared scale is an answer.
    wide = write_rows(tmp_path / "b.csv", [HEADER, *([c, r, x * 30, s] for c, r, x, s in ROWS)])
    assert not [one for one in catch(lambda: rate_reliability(read_ratings(wide, scale=(0, 120))))]


def test_forms_of_ids_count_as_one_in_every_verb():
    table = make_ratings()
    name = unicodedata.normalize("NFC", "Zoë")
    forms = [name, unicodedata.normalize("NFD", name), f"{name}\u200b", f" {name}"]
    known = rate_reliability(table).table
    people = table["subject"].unique()
    odd = table.assign(
        subject=[
            forms[i % 4] if one == people[0] else one for i, one in enumerate(table["subject"])
        ]
    )
    with pytest.warns(DataWarning, match="1 id is written in more than one way"):
        found = rate_reliability(odd).table
    pd.testing.assert_frame_equal(found, known)
    clips = make_clips()
    clips["subject"] = [f"Zoë {one}" for one in clips["subject"]]
    clips.loc[::2, "subject"] = clips["subject"].map(lambda one: unicodedata.normalize("NFD", one))
    with pytest.warns(DataWarning, match="looks alike"):
        parts = split_subjects(clips, seed=1)
    assert len(parts) == 30
    with pytest.warns(DataWarning, match="looks alike"):
        models = fit_elastic(clips, target="score", features=["smile", "nod"], parts=parts)
    assert models.predictions["subject"].nunique() == 30
    assert odd["subject"].nunique() == len(people) + 3  # the caller's table is as it was


def test_ids_that_lost_digits_stop_a_verb_and_dates_are_told():
    table = make_ratings().assign(subject="2.02304E+11")
    with pytest.raises(DataError, match="lost digits"):
        rate_reliability(table)
    dates = make_ratings()
    dates["rater"] = dates["rater"].where(dates["rater"] != dates["rater"].iloc[0], "2-Jan")
    assert any("look like dates" in one for one in catch(rate_reliability, dates))


def test_guards_can_be_errors():
    table = make_ratings()
    table.loc[3, "rating"] = 99
    with pytest.raises(DataError, match="1 cell holds 99"):
        guard_table(table, numbers=["rating"], strict=True)


def test_items_and_predictions_are_guarded():
    items = make_items()
    items.loc[2, "calm"] = -99
    assert any("-99" in one for one in catch(fit_factor, items, items=ITEMS))
    rng = np.random.default_rng(6)
    truth = rng.integers(0, 5, 60).astype(float)
    truth[7] = 99
    table = pd.DataFrame(
        {
            "clip": [f"c{i}" for i in range(60)],
            "subject": [f"p{i // 3}" for i in range(60)],
            "model": "net",
            "truth": truth,
            "prediction": rng.normal(size=60),
        }
    )
    told = catch(compare_models, table, metrics=["rmse"], draws=200)
    assert sum("99, far from" in one for one in told) == 1


def test_features_that_name_rows_or_people_are_told():
    clips = make_clips()
    clips["nr"] = np.arange(len(clips)) + 5
    clips["person_id"] = clips["subject"].str[1:].astype(int)
    parts = split_subjects(clips, seed=1)
    features = ["smile", "nr", "person_id"]
    told = catch(fit_elastic, clips, target="score", features=features, parts=parts)
    (one,) = [text for text in told if "carries no information" in text]
    assert "'nr' (row numbers)" in one and "'person_id' (an id)" in one
    judged = judge_features(clips.assign(age=clips["person_id"] % 40 + 18), ["age", "smile", "nod"])
    assert judged == {}
    copy = clips.assign(
        label=np.where(clips["nod"] > 0, "high", "low"), code=(clips["nod"] > 0) * 1
    )
    assert judge_features(copy, ["code"], target="label") == {"code": "a copy of the target"}


def test_what_gaps_take_away_is_counted_by_column_person_and_class():
    clips = make_clips().assign(label=["low"] * 60 + ["high"] * 60)
    clips.loc[:59, "nod"] = np.nan
    clips.loc[58:62, "smile"] = np.nan
    kept = clips[["smile", "nod"]].notna().all(axis=1).to_numpy()
    told = list_lost(clips, kept, ["smile", "nod", "label"], "label")
    assert told.startswith("'nod' (60), 'smile' (5); nothing is left of 15 of 30 subjects ('p0'")
    assert told.endswith("and of class 'low'")


def test_a_guard_changes_nothing_of_its_input(tmp_path):
    path = write_rows(tmp_path / "a.csv", [["clip", "subject", "x"], ["a ", "p", 1], ["b", "q", 2]])
    table = read_clips(path)
    before = table.copy()
    guard_table(table, ids=["clip"], numbers=["x"])
    pd.testing.assert_frame_equal(table, before)
    odd = pd.DataFrame({"clip": ["a ", "b"], "x": [1.0, 2.0]}, index=[7, 3])
    assert guard_table(odd, ids=["clip"]).index.tolist() == [7, 3]
    assert odd["clip"].tolist() == ["a ", "b"]
    known = rate_by_hand(ROWS)
    ratings = make_ratings().drop(columns="subject")
    row = rate_reliability(ratings.sample(frac=1, random_state=1)).table.iloc[0]
    assert row["estimate"] == pytest.approx(known, abs=1e-12)


def test_a_usual_code_is_found_below_measures_of_0_and_more_and_not_among_negative_ones():
    percents = np.tile([0.0, 12.5, 40.0, 77.5, 100.0], 6)
    code = find_codes("x", np.append(percents, -99), np.arange(31))
    assert code is not None
    assert (code.codes, code.low, code.high) == ((-99,), 0, 100)
    measured = np.append(-percents[1:5], percents)
    assert find_codes("x", np.append(measured, -3.2), np.arange(35)) is None
