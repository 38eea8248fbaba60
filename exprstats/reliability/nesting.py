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

from exprstats.reliability.deletions import number_cells
from exprstats.reliability.pairs import Level, add_groups, halve_squares, sum_level
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


def sum_nested(panel: Panel) -> tuple[NestedPairs, dict[str, NestedPairs]]:
    """Return the pair sums of a panel, and those without each subject, rater, and cell.

    Where subjects are not known, each clip is one.
    """
    clip, rater, subject = panel.clip, panel.rater, panel.cluster
    cell = number_cells(subject, rater, panel.n_raters)[0]
    y = panel.rating - panel.rating.mean()
    codes = {"clip": clip, "rater": rater, "subject": subject, "cell": cell}
    by = {name: sum_level(y, code) for name, code in codes.items()}
    whole = Level(np.asarray(float(len(y))), y.sum(), (y**2).sum())
    pairs = {name: level.pair().sum(axis=0) for name, level in by.items()}
    samples = {
        part: NestedPairs(
            **{name: pairs[name] - lost for name, lost in losses.items()},
            every=whole.less(by[part]).pair(),
        )
        for part, losses in _lose_pairs(y, codes, by).items()
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
    in_clip = halve_squares(pairs.clip)
    in_cell = halve_squares(pairs.cell)
    in_subject = halve_squares(pairs.subject - pairs.clip - pairs.cell)
    in_rater = halve_squares(pairs.rater - pairs.cell)
    apart = halve_squares(pairs.every - pairs.subject - pairs.rater + pairs.cell)
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


def _shrink(level: Level, part: Level) -> np.ndarray:
    """Return the pairs and squares that classes lose with a part of them."""
    return level.pair() - level.less(part).pair()
