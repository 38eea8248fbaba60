"""The majority vote against a plain loop, and against pandas' rolling sums.

Votes are counts of whole samples: agreement is exact, without a tolerance.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import exprstats as ex
from exprstats.errors import DataError, OptionError

cells = st.sampled_from([0.0, 1.0, np.nan])


def vote_slowly(slots, cells, width, step):
    """One video: every full window from the definition, by a loop over its samples."""
    held = dict(zip(slots, cells, strict=True))
    found = {}
    start = min(slots)
    while start % step:
        start += 1
    while start + width <= max(slots) + 1:
        seen = [held[s] for s in range(start, start + width) if s in held and held[s] == held[s]]
        yes = sum(one == 1 for one in seen)
        found[start] = np.nan if not seen else float(yes > len(seen) - yes)
        start += step
    return found


@settings(max_examples=60, deadline=None)
@given(
    videos=st.lists(
        st.dictionaries(st.integers(0, 40), cells, min_size=1, max_size=40), min_size=1, max_size=4
    ),
    width=st.integers(1, 5),
    step=st.integers(1, 4),
)
def test_votes_are_those_of_a_loop_over_windows(videos, width, step):
    # A regular tail keeps the usual step at one slot, which the verb checks.
    tail = range(100, 160)
    videos = [video | dict.fromkeys(tail, 1.0) for video in videos]
    rows = [(f"v{i}", slot, cell) for i, video in enumerate(videos) for slot, cell in video.items()]
    table = pd.DataFrame(rows, columns=["video", "time", "joy"])
    table["time"] /= 6
    voted = ex.vote_labels(table, hz=6, window=width / 6, stride=step / 6)
    for i, video in enumerate(videos):
        mine = voted[voted["video"] == f"v{i}"]
        expected = vote_slowly(list(video), list(video.values()), width, step)
        assert np.round(mine["time"] * 6).astype(int).tolist() == list(expected)
        np.testing.assert_array_equal(mine["joy"], list(expected.values()))


def test_six_to_one_hz_is_the_rolling_majority_of_pandas():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {"video": np.repeat(["a", "b"], 600), "time": np.tile(np.arange(600) / 6, 2)}
    )
    table[["joy", "awe"]] = rng.random((1200, 2))
    voted = ex.vote_labels(table.sample(frac=1, random_state=1), threshold=0.6)
    for name in ("joy", "awe"):
        ones = (table[name] >= 0.6).astype(float)
        rolled = ones.groupby(table["video"]).rolling(18).sum().reset_index(drop=True)
        # pandas stamps a window at its last sample, the vote at its first.
        starts = [i for i in range(1200) if i % 600 % 6 == 0 and i % 600 + 18 <= 600]
        expected = (rolled.iloc[[i + 17 for i in starts]] > 9).astype(float)
        assert voted[name].tolist() == expected.tolist()
    assert voted["time"].tolist() == [*range(98)] * 2


def test_ties_are_what_they_are_asked_to_be_and_gaps_stay_missing():
    """One full window each: a tie, a majority, a minority, a tie of what is there, and nothing."""
    joy = {"a": [1, 1, 0, 0], "b": [1, 1, 1, 0], "c": [1, 0, 0, 0]}
    gaps = {"d": [1, 0, np.nan, np.nan], "e": [np.nan] * 4}
    for cases, expected in ((joy, []), (joy | gaps, ["tie", np.nan])):
        table = pd.concat(
            pd.DataFrame({"video": name, "time": np.arange(4.0), "joy": np.array(one, float)})
            for name, one in cases.items()
        )
        for ties, value in (("absent", 0), ("present", 1), ("missing", np.nan)):
            found = ex.vote_labels(table, hz=1, window=4, stride=4, ties=ties)
            votes = [value if one == "tie" else one for one in ["tie", 1, 0, *expected]]
            np.testing.assert_array_equal(found["joy"].to_numpy(float), votes)
            assert found.attrs["tied"] == (1 + len(gaps) // 2 * bool(expected), 3 + bool(expected))
    with pytest.raises(OptionError, match="ties"):
        ex.vote_labels(table, hz=1, ties="half")


@pytest.mark.parametrize(
    ("yes", "gaps", "vote"), [(9, 0, 0), (10, 0, 1), (5, 8, 0), (5, 9, 1), (0, 18, None)]
)
def test_ties_lose_and_gaps_count_on_neither_side(yes, gaps, vote):
    joy = [1.0] * yes + [np.nan] * gaps + [0.0] * (18 - yes - gaps)
    table = pd.DataFrame({"video": "a", "time": np.arange(18) / 6, "joy": joy})
    found = ex.vote_labels(table)["joy"].tolist()
    assert (found == [vote]) if vote is not None else (len(found) == 1 and np.isnan(found[0]))


def test_times_in_truncated_microseconds_and_columns_of_videos_stay():
    stamps = [0, 166_666, 333_333, 500_000, 666_666, 833_333]
    times = [second + one / 1e6 for second in range(5) for one in stamps]
    table = pd.DataFrame({"video": "a", "time": times, "joy": 1, "group": "comedy"})
    voted = ex.vote_labels(table)
    assert voted[["time", "group", "joy"]].to_numpy().tolist() == [
        [float(t), "comedy", 1.0] for t in range(3)
    ]


def test_grids_that_are_no_grids_are_refused():
    table = pd.DataFrame({"video": "a", "time": np.arange(60) / 5, "joy": 1})
    with pytest.raises(DataError, match=r"5 and not 6 a second.*hz="):
        ex.vote_labels(table)
    with pytest.raises(OptionError, match=r"0\.1 s is 0.6 samples"):
        ex.vote_labels(table, stride=0.1)
    with pytest.raises(DataError, match=r"no video has 30 s"):
        ex.vote_labels(table, hz=5, window=30)
    again = pd.concat([table, table])
    with pytest.raises(DataError, match=r"60 rows repeat .* 'a' at 0 s.*annotator="):
        ex.vote_labels(again, hz=5)
    with pytest.raises(DataError, match="from -1 to 1"):
        ex.vote_labels(table.assign(joy=[-1, 1] * 30), hz=5)


def test_ties_are_counted():
    """Nine of eighteen, once; with a sample missing there is no half of seventeen."""
    table = pd.DataFrame({"video": "a", "time": np.arange(18) / 6, "joy": [1] * 9 + [0] * 9})
    voted = ex.vote_labels(table.assign(awe=[1.0] * 8 + [np.nan] + [0.0] * 9))
    assert voted.attrs["tied"] == (1, 2)
    assert voted[["joy", "awe"]].to_numpy().tolist() == [[0, 0]]
