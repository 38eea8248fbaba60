"""OpenFace files written here, in the layouts that people have."""

import gzip
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

RATED = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45]
UNITS = [f"AU{i:02d}_r" for i in RATED] + [f"AU{i:02d}_c" for i in [*RATED, 28]]
POINTS = [f"{axis}_{i}" for axis in "xyXYZ" for i in range(68)]
POSE = ["pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz"]
GAZE = ["gaze_angle_x", "gaze_angle_y"]
KEYS = ["frame", "face_id", "timestamp", "confidence", "success"]


def build_face(n=60, fps=25.0, seed=None):
    """Return a still face with everything at 0, or a fidgeting one where a seed is given."""
    table = dict.fromkeys([*KEYS, *GAZE, *POSE, *POINTS, *UNITS], np.zeros(n))
    table["frame"] = np.arange(1, n + 1)
    table["timestamp"] = (np.arange(n) / fps).round(3)
    table["success"], table["confidence"] = np.ones(n, dtype=int), np.full(n, 0.98)
    if seed is not None:
        rng = np.random.default_rng(seed)
        moving = [*GAZE, *POSE, *POINTS]
        drawn = rng.normal(0, 3, (n, len(moving))).cumsum(axis=0).round(3)
        table.update(zip(moving, drawn.T, strict=True))
        for unit in UNITS:
            rated = unit.endswith("_r")
            drawn = rng.uniform(0, 5, n).round(2) if rated else rng.integers(0, 2, n)
            table[unit] = drawn
    return pd.DataFrame(table)


@lru_cache(maxsize=16)
def spell_rows(names, numbers):
    """Return the texts of a table's cells by row; many tests write the same few tables."""
    whole = {"frame", "face_id", "success"}
    columns = np.frombuffer(numbers).reshape(-1, len(names)).T
    spelt = (
        [f"{value:.0f}" if name in whole else f"{value:.10g}" for value in column]
        for name, column in zip(names, columns.tolist(), strict=True)
    )
    return list(zip(*spelt, strict=True))


def save_face(table, path, *, padding=" ", quotes="", newline="\n", ending=""):
    """Write a table as OpenFace does: a blank before each cell but the first of a line."""
    names = [f"{quotes}{name}{quotes}" for name in table.columns]
    cells = spell_rows(tuple(table.columns), table.to_numpy(float).tobytes())
    lines = [f",{padding}".join(names), *(f",{padding}".join(row) for row in cells)]
    text = newline.join(lines) + newline + ending
    if path.name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_bytes(text.encode())
    return path


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "openface"
    place.mkdir()
    return place


@pytest.fixture
def make_face():
    return build_face


@pytest.fixture
def write_face():
    return save_face
