"""Components of clips nested in subjects, from pairs of ratings, on arrays.

Half the mean squared difference of two ratings holds, whatever the raters' overlap,

- within a clip: σ²_rater + σ²_residual;
- within a subject and rater, other clip: σ²_clip + σ²_residual;
- within a subject, other clip and rater: σ²_clip + σ²_rater + σ²_residual;
- within a rater, other subject: σ²_subject + σ²_clip + σ²_residual;
- between subjects and raters: all four.

Raters' variance is read between subjects where raters are shared, else within subjects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exprstats.reliability.jackknife import number_cells
from exprstats.reliability.pairs import Level, sum_level
from exprstats.reliability.panels import Panel


@dataclass(frozen=True, slots=True)
class NestedPairs:
    """Ordered pairs and their summed squares (..., 2) within each class, of one or many samples.

    ``every`` holds all pairs.
    """

    clip: np.ndarray
    cell: np.ndarray
    subject: np.ndarray
    rater: np.ndarray
    every: np.ndarray


def sum_nested(panel: Panel, *, always: bool = False) -> tuple[NestedPairs, dict[str, NestedPairs]]:
    """Return the pair sums of a panel, and those without each subject, rater, and cell.

    Where no rater is shared by subjects, only those without each subject, unless ``always``.

    Raises
    ------
    ValueError
        If the panel has no subjects.
    """
    if panel.subject is None:
        message = "nested components need subjects."
        raise ValueError(message)
    clip, rater, subject = panel.clip, panel.rater, panel.subject
    cell, n_cells = number_cells(subject, rater, int(rater.max()) + 1)
    y = panel.rating - panel.rating.mean()
    codes = {"clip": clip, "rater": rater, "subject": subject, "cell": cell}
    by = {name: sum_level(y, code) for name, code in codes.items()}
    whole = Level(np.asarray(float(len(y))), y.sum(), (y**2).sum())
    pairs = {name: level.pair().sum(axis=0) for name, level in by.items()}
    gone = _lose_pairs(y, codes, by)
    if n_cells == len(by["rater"].counts) and not always:
        gone = {"subject": gone["subject"]}
    samples = {
        part: NestedPairs(
            **{name: pairs[name] - lost for name, lost in losses.items()},
            every=whole.less(by[part]).pair(),
        )
        for part, losses in gone.items()
    }
    return NestedPairs(**pairs, every=whole.pair()), samples


def _lose_pairs(
    y: np.ndarray, codes: dict[str, np.ndarray], by: dict[str, Level]
) -> dict[str, dict[str, np.ndarray]]:
    """Return the pairs and squares of each kind that go with each subject, rater and cell."""
    clip, rater, subject, cell = (codes[name] for name in ("clip", "rater", "subject", "cell"))
    n_cells = len(by["cell"].counts)
    first, owner = np.zeros(n_cells, dtype=np.int64), np.zeros(len(by["clip"].counts), np.int64)
    first[cell], owner[clip] = np.arange(len(cell)), subject
    cell_rater, cell_subject = rater[first], subject[first]
    lone = _shrink(by["clip"].take(clip), Level(np.ones_like(y), y, y**2))
    off_rater = _shrink(by["rater"].take(cell_rater), by["cell"])
    off_subject = _shrink(by["subject"].take(cell_subject), by["cell"])
    own = by["cell"].pair()
    return {
        "subject": {
            "clip": add_groups(by["clip"].pair(), owner),
            "cell": add_groups(own, cell_subject),
            "subject": by["subject"].pair(),
            "rater": add_groups(off_rater, cell_subject),
        },
        "rater": {
            "clip": add_groups(lone, rater),
            "cell": add_groups(own, cell_rater),
            "subject": add_groups(off_subject, cell_rater),
            "rater": by["rater"].pair(),
        },
        "cell": {
            "clip": add_groups(lone, cell),
            "cell": own,
            "subject": off_subject,
            "rater": off_rater,
        },
    }


def find_nested_components(pairs: NestedPairs) -> dict[str, np.ndarray]:
    """Return the variances of subject, clip, rater and residual; NaN where not identified.

    Without a rater who rates two clips, rater and residual cannot be told apart: their sum is the
    residual and the rater's variance is 0.
    """
    in_clip = _halve(pairs.clip)
    in_cell = _halve(pairs.cell)
    in_subject = _halve(pairs.subject - pairs.clip - pairs.cell)
    in_rater = _halve(pairs.rater - pairs.cell)
    apart = _halve(pairs.every - pairs.subject - pairs.rater + pairs.cell)
    rater = np.where(np.isnan(in_rater), in_subject - in_cell, apart - in_rater)
    rater = np.where(np.isnan(rater), 0.0, rater)
    clip = in_subject - in_clip
    return {
        "subject": apart - in_subject,
        "clip": clip,
        "clip_total": apart - in_clip,
        "rater": rater,
        "residual": in_clip - rater,
    }


def add_groups(columns: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the sums (G, c) of rows of columns (n, c) by group codes (n,)."""
    return np.stack([np.bincount(group, column) for column in columns.T], axis=1)


def _shrink(level: Level, part: Level) -> np.ndarray:
    """Return the pairs and squares that classes lose with a part of them."""
    return level.pair() - level.less(part).pair()


def _halve(part: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(part[..., 0] > 0.5, part[..., 1] / part[..., 0], np.nan)
