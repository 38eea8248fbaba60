"""Emotions from single units, after the table of EMFACS as far as OpenFace sees its units."""

import numpy as np
import pytest

from exprstats.behaviour import rate_expressivity

# Unit to the emotions it belongs to; disgust lacks AU16, which OpenFace does not see.
SHOWN = {
    1: {"sadness", "surprise", "fear"},
    2: {"surprise", "fear"},
    4: {"sadness", "fear", "anger"},
    5: {"surprise", "fear", "anger"},
    6: {"happiness"},
    7: {"fear", "anger"},
    9: {"disgust"},
    10: set(),
    12: {"happiness", "contempt"},
    14: {"contempt"},
    15: {"sadness", "disgust"},
    17: set(),
    20: {"fear"},
    23: {"anger"},
    25: set(),
    26: {"surprise", "fear"},
    45: set(),
}
EMOTIONS = ["happiness", "sadness", "surprise", "fear", "anger", "disgust", "contempt"]


@pytest.mark.parametrize(("unit", "emotions"), SHOWN.items())
def test_a_unit_alone_shows_its_emotions(make_face, unit, emotions):
    table = make_face(10).rename(columns={"face_id": "face"}).assign(video="v")
    table[f"AU{unit:02d}_r"], table[f"AU{unit:02d}_c"] = 3.0, 1.0
    found = rate_expressivity(table)[EMOTIONS].iloc[0]
    assert set(found.index[found > 0]) == emotions
    assert set(np.round(found[found > 0], 12)) <= {0.5}


def test_frames_that_are_not_tracked_count_in_the_share_only(make_face):
    table = make_face(10).rename(columns={"face_id": "face"}).assign(video="v")
    table["AU12_c"], table["AU12_r"] = 1.0, np.arange(10) / 2
    table["success"] = [1] * 4 + [0] * 6
    row = rate_expressivity(table).iloc[0]
    # 0, .5, 1 and 1.5 over 6, in two emotions of seven.
    assert row["happiness"] == row["contempt"] == pytest.approx(0.75 / 6)
    assert row["expressivity"] == pytest.approx(2 / 7 * 0.75 / 6)
    assert row["valid_share"] == pytest.approx(0.4)
