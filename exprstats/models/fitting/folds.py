"""Tuning of the elastic net over folds of subjects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.models.data.design import Design, Sample
from exprstats.models.data.splits import FEWER_FOLDS, check_folds
from exprstats.models.fitting.outcomes import correlate
from exprstats.models.fitting.penalties import (
    PenaltyGrid,
    average_squares,
    code_subjects,
    fit_lowest,
    predict_grid,
    read_moments,
    sum_products,
    take_moments,
    trace_grid,
)
from exprstats.options import PARTS


@dataclass(frozen=True, slots=True, eq=False)
class Rounds:
    """Who is held out when.

    Attributes
    ----------
    held
        (rounds, G) whether a subject is held out in a round; one round a repeat and fold.
    named
        Repeat and fold of each round.
    """

    held: np.ndarray
    named: tuple[tuple[object, object], ...]

    @property
    def repeats(self) -> int:
        """How often everybody is held out once."""
        return len({again for again, _ in self.named})

    def name_columns(self) -> list[str]:
        """Return the name of each round's error."""
        if self.repeats == 1:
            return [f"rmse_fold{fold}" for _, fold in self.named]
        return [f"rmse_repeat{again}_fold{fold}" for again, fold in self.named]

    def describe(self, parts: str = "training") -> str:
        """Return how many folds there are of subjects of which parts, for people."""
        count = len({fold for _, fold in self.named})
        again = f" (dealt {self.repeats} times)" if self.repeats > 1 else ""
        return f"{count} folds{again} of the {parts} subjects"

    def sum_held(self, products: np.ndarray, counts: np.ndarray, size: int) -> np.ndarray:
        """Return the sums (rounds, q, q) of products (G, q·q) with counts (G,) in each fold."""
        return ((self.held * counts) @ products).reshape(-1, size, size)


def plan_rounds(design: Design, folds: pd.DataFrame) -> Rounds:
    """Return the rounds of FOLDS over a design's training subjects, each of whom is in one fold."""
    folds = check_folds(design.clips[design.places == PARTS.index("train")], folds)
    if folds["fold"].nunique() < 2:
        fact = f"there is one fold, {folds['fold'].iloc[0]}."
        raise DataError(Problem(fact, "Tuning needs two or more.", column="fold"))
    _, (trained, _) = code_subjects(design)
    order = sorted({str(one) for one in design.clips["subject"].unique()})
    inside = np.isin(np.arange(len(order)), trained)
    rounds = {}
    for again, dealt in folds.groupby("repeat"):
        lookup = dict(zip(dealt["subject"].astype(str), dealt["fold"], strict=True))
        placed = [lookup.get(one) for one in order]
        for fold in sorted({placed[code] for code in trained.tolist()}):
            rounds[again, fold] = inside & np.array([one == fold for one in placed])
    return Rounds(np.array(list(rounds.values()), dtype=float), tuple(rounds))


def tune_rounds(sums: np.ndarray, whole: np.ndarray, penalties: PenaltyGrid) -> np.ndarray | None:
    """Return the mean squared error (rounds, points) of each fold, predicted from the others.

    ``sums`` (rounds, q, q) are of products over the clips held out, NaN where there are none, and
    ``whole`` (q, q) over all. None where the target does not vary in the others.
    """
    errors = np.full((len(sums), len(penalties.points)), np.nan)
    for line, held in enumerate(sums):
        if held[0, 0] < 1:
            continue
        moments = read_moments(whole - held)
        if moments is None:
            return None
        errors[line] = average_squares(moments, trace_grid(moments, penalties)[0], held)
    return errors


def average_rounds(sums: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Return the RMSE (points,) over all clips that are held out in some round."""
    clips = sums[:, 0, 0]
    return np.sqrt((np.nan_to_num(errors) * clips[:, None]).sum(axis=0) / clips.sum())


def refit_rounds(
    products: np.ndarray, counts: np.ndarray, rounds: Rounds, penalties: PenaltyGrid
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return weights (p,) and (alpha, l1_ratio) of a resample whose copies share a fold, or None.

    Products (G, q·q) are sums of each subject, who counts so often (G,) in the resample.
    """
    size = int(np.sqrt(products.shape[1]))
    whole = (counts @ products).reshape(size, size)
    moments = read_moments(whole)
    sums = rounds.sum_held(products, counts, size)
    errors = None if moments is None else tune_rounds(sums, whole, penalties)
    if moments is None or errors is None:
        return None
    return fit_lowest(moments, penalties, average_rounds(sums, errors))


def measure_rounds(
    design: Design, sample: Sample, rounds: Rounds, penalties: PenaltyGrid
) -> tuple[np.ndarray, np.ndarray]:
    """Return the RMSE (points,) over all rounds, and of each round (rounds, points)."""
    subjects, _ = code_subjects(design)
    found = sum_products(design, sample, subjects)
    everyone = np.ones(len(found.train))
    sums = rounds.sum_held(found.train, everyone, found.size)
    whole = (everyone @ found.train).reshape(found.size, found.size)
    errors = tune_rounds(sums, whole, penalties)
    if errors is None:
        fact = f"{sample.label}: the target does not vary outside one of the folds."
        raise DataError(Problem(fact, FEWER_FOLDS))
    return average_rounds(sums, errors), np.sqrt(errors)


def correlate_rounds(
    design: Design, sample: Sample, rounds: Rounds, point: PenaltyGrid
) -> tuple[float, str | None]:
    """Return r of the predictions of held-out clips at one penalty, the mean over the rounds.

    Over all clips the predictions of different rounds would correlate negatively with noise, since
    the training means differ. A round that predicts the same for all clips counts as 0.
    """
    subjects, _ = code_subjects(design)
    inside = design.mark(sample, "train")
    values, truth = design.split(sample, "train")
    own = subjects[sample.rows[inside]]
    scores = []
    for held in rounds.held:
        here = held[own] > 0
        if not here.any():
            continue
        rest = take_moments(values[~here], truth[~here])
        weights = trace_grid(rest, point)[0]
        r, note = correlate(truth[here], predict_grid(rest, weights, values[here])[:, 0])
        scores.append((0.0 if note == "prediction is constant" else r, note))
    known = [r for r, _ in scores if not np.isnan(r)]
    note = next((note for _, note in scores if note), None)
    silent = all(one == "prediction is constant" for _, one in scores)
    return (np.nan if silent or not known else float(np.mean(known))), note
