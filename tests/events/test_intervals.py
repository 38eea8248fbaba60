"""Intervals to frames against the definition, frame by frame in exact fractions.

A frame k belongs to [start, end) if start <= (k + 1/2)/fps < end. Times are milliseconds, so that
the definition is decided without rounding; the middle of a frame itself counts by a slack of 1e-9.
"""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import exprstats as ex
from exprstats.errors import DataError, OptionError
from exprstats.events.intervals import find_frames, lay_runs

EVENT = st.tuples(
    st.sampled_from(["u1", "u2", "u3"]),
    st.sampled_from([("nose", "wrinkle"), ("nose", "tensed"), ("brows", "up")]),
    st.integers(0, 900),
    st.integers(0, 400),
)


def make_events(drawn):
    return pd.DataFrame(
        [
            {"utterance": u, "tier": t, "value": v, "start": s / 1000, "end": (s + d) / 1000}
            for u, (t, v), s, d in drawn
        ]
    )


def covers(start, length, frame, fps):
    middle = Fraction(2 * frame + 1, 2 * fps)
    return Fraction(start, 1000) <= middle < Fraction(start + length, 1000)


@settings(max_examples=80, deadline=None)
@given(st.lists(EVENT, min_size=1, max_size=12), st.sampled_from([24, 25, 30, 50]))
def test_every_frame_shows_what_covers_its_middle(drawn, fps):
    before = make_events(drawn)
    events = before.copy()
    runs = lay_runs(events, fps=fps)
    pd.testing.assert_frame_equal(events, before)
    shown = np.repeat(runs.shown.toarray(), runs.frames, axis=0)
    homes = np.repeat(runs.codes, runs.frames)
    for code, name in enumerate(runs.utterances):
        mine = [one for one in drawn if one[0] == name]
        inside = [k for _, _, s, d in mine for k in range(80) if covers(s, d, k, fps)]
        rows = shown[homes == code]
        first = min(
            int(find_frames(np.array([s / 1000]), np.array([1.0]), fps)[0][0])
            for _, _, s, _ in mine
        )
        for place, pair in enumerate(runs.pairs):
            want = [
                float(any(covers(s, d, k + first, fps) for _, p, s, d in mine if p == pair))
                for k in range(len(rows))
            ]
            assert rows[:, place].tolist() == want
        assert not inside or max(inside) < first + len(rows)


@settings(max_examples=30, deadline=None)
@given(st.lists(EVENT, min_size=1, max_size=8), st.randoms())
def test_the_order_of_rows_changes_nothing(drawn, random):
    mixed = random.sample(drawn, len(drawn))
    one, other = (lay_runs(make_events(rows), fps=30) for rows in (drawn, mixed))
    assert one.pairs == other.pairs
    assert np.array_equal(one.frames, other.frames)
    assert np.array_equal(one.shown.toarray(), other.shown.toarray())


def test_stamps_rounded_to_milliseconds_are_whole_frames():
    k = np.arange(5000)
    start, stop = np.round(k / 30, 3), np.round((k + 1) / 30, 3)
    first, last = find_frames(start, stop, 30)
    assert np.array_equal(first, k) and np.array_equal(last, k + 1)


def test_overlaps_of_one_value_count_once():
    events = make_events([("u", ("nose", "wrinkle"), 0, 500), ("u", ("nose", "wrinkle"), 200, 600)])
    counts = ex.count_events(events, fps=10).table
    assert counts["estimate"].tolist() == [8.0]
    assert counts["n_intervals"].tolist() == [2]


def test_frames_are_rows_for_other_programs(corpus):
    frames = ex.expand_frames(corpus.events)
    runs = lay_runs(corpus.events, fps=30)
    assert len(frames) == runs.frames.sum()
    counts = frames.drop(columns=["utterance", "signer", "frame"]).sum()
    assert counts.tolist() == (runs.shown.T @ runs.frames).tolist()
    assert frames.groupby("utterance")["frame"].min().eq(0).all()


def test_times_in_milliseconds_and_rates_that_cannot_be_are_refused():
    events = make_events([("u", ("nose", "wrinkle"), 0, 500)])
    with pytest.raises(OptionError, match="such as 30"):
        ex.expand_frames(events, fps=0)
    with pytest.raises(DataError, match="Check that times are in seconds"):
        lay_runs(events.assign(end=1e9), fps=30)
    with pytest.raises(DataError, match="no column 'tier'"):
        lay_runs(events.drop(columns="tier"), fps=30)
