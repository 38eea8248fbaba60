"""Features permuted between test subjects, and the errors before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array

from exprstats.inference.resampling.pvalues import TIE
from exprstats.models.data.design import Design, sort_rows
from exprstats.models.fitting.result import Fitted
from exprstats.parallel import Seed


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """Squared errors (of classes: numbers of wrong ones) by subject, before and after permutation.

    Attributes
    ----------
    clips
        (G,) clips of each subject.
    whole
        (G,) sums of the errors of the model as it is.
    permuted
        (groups of features, G, R) the same with a group permuted, in each of R repeats.
    givers
        (G, R) whose values each subject had.
    squared
        Whether errors are squared; wrong classes are counted instead.
    """

    clips: np.ndarray
    whole: np.ndarray
    permuted: np.ndarray
    givers: np.ndarray
    squared: bool = True

    def measure_rise(self, counts: np.ndarray) -> np.ndarray:
        """Return the rise (groups, draws) of resamples with counts (draws, G).

        It is the rise in RMSE, or in the share of wrong classes. A subject counts as often for its
        own clips as for the values that it gave to others: who gave them is as much of a sample.
        """
        groups, repeats = self.givers.shape
        place = (self.givers.ravel(), np.repeat(np.arange(groups), repeats))
        root = np.sqrt if self.squared else np.positive

        def add(values: np.ndarray) -> np.ndarray:
            """Return sums (draws, G) over the subjects that gave, as often as they count."""
            return counts @ coo_array((values.ravel(), place), shape=(groups, groups)).tocsr()

        seen = add(np.ones_like(self.givers))
        held = counts * (seen > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            before = root(counts @ self.whole / (counts @ self.clips))
            after = [(held * add(one) / np.maximum(seen, 1)).sum(axis=1) for one in self.permuted]
            rise = root(np.array(after) / (held @ self.clips)) - before
        # A feature without weight changes nothing but the order of the sums.
        return np.where(np.abs(rise) <= TIE * before, 0.0, rise)


def permute_features(
    design: Design, fit: Fitted, groups: Sequence[Sequence[int]], *, repeats: int, seed: Seed
) -> Losses:
    """Permute groups of features between the test subjects and sum the errors.

    Every test subject gets the values of another subject drawn without replacement, that subject's
    clips in random order (again from the start where they are too few): the link to the target is
    cut within and between people, while the clips of one person stay as alike as they are.

    Parameters
    ----------
    design, fit
        The fitted model.
    groups
        Feature positions that are permuted together.
    repeats
        How often.
    seed
        Of the permutations; all groups share them.
    """
    rng = np.random.default_rng(seed)
    rows = fit.sample.rows[design.mark(fit.sample, "test")]
    values, truth = design.split(fit.sample, "test")
    order = sort_rows(values, truth)
    rows, values, truth = rows[order], values[order], truth[order]
    _, codes = np.unique(design.clips["subject"].astype(str).to_numpy()[rows], return_inverse=True)
    donors = np.array([draw_donors(codes, rng) for _ in range(repeats)])
    squared = not design.classes
    guess = fit.predict(values)
    whole = (guess - truth) ** 2 if squared else (guess != truth).astype(float)
    permuted = []
    for group in groups:
        mixed = np.tile(values, (repeats, 1))
        mixed[:, list(group)] = values[donors.ravel()][:, list(group)]
        guess = fit.predict(mixed).reshape(repeats, -1)
        missed = (guess - truth) ** 2 if squared else (guess != truth).astype(float)
        permuted.append(np.array([np.bincount(codes, one) for one in missed]).T)
    clips = np.bincount(codes).astype(float)
    first = np.unique(codes, return_index=True)[1]
    givers = codes[donors[:, first]].T
    return Losses(clips, np.bincount(codes, whole), np.array(permuted), givers, squared)


def draw_donors(codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the clip (n,) whose values each clip gets, of one other subject for each subject."""
    groups = int(codes.max()) + 1
    members = [np.flatnonzero(codes == group) for group in range(groups)]
    donors, givers = np.empty(len(codes), dtype=int), np.arange(groups)
    # Who got the own values would be a subject without permutation: one in G of them.
    while groups > 1 and (givers == np.arange(groups)).any():
        givers = rng.permutation(groups)
    for taker, giver in enumerate(givers):
        donors[members[taker]] = np.resize(rng.permutation(members[giver]), len(members[taker]))
    return donors
