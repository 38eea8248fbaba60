"""Predictions of fitted models and their errors in each part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from exprstats.inference.metrics.classification import measure_accuracy, measure_uar
from exprstats.inference.metrics.regression import measure_rmse
from exprstats.models.data.design import Design, Sample
from exprstats.options import PARTS

FEW_SUBJECTS = 10
KEYS = ("context", "model", "part", "term", "feature")
SCORES = ("rmse", "correlation")
UNVARYING = "constant in training"  # a feature that gets weight 0


def list_predictions(
    design: Design, samples: Sequence[Sample], guesses: Sequence[np.ndarray], name: str
) -> pd.DataFrame:
    """Return PREDICTIONS rows of the clips of several samples, (m,) each."""
    rows = np.concatenate([sample.rows for sample in samples])
    ids = design.clips.take(rows)
    kept = ["subject", *(["context"] if "context" in ids else []), "part"]
    kinds = [sample.fitted_on for sample in samples]
    columns = {
        "clip": ids["clip"],
        "model": name,
        **{column: ids[column] for column in kept},
        "fitted_on": np.repeat(kinds, [len(sample.rows) for sample in samples]),
        "truth": np.concatenate([sample.truth for sample in samples]),
        "prediction": np.concatenate(guesses),
    }
    return pd.DataFrame(columns).reset_index(drop=True)


def list_part_scores(
    design: Design, sample: Sample, prediction: np.ndarray, name: str
) -> list[dict[str, Any]]:
    """Return rows of each part: RMSE and correlation, or of classes accuracy and mean recall."""
    measure = _measure_hits if design.classes else _measure_errors
    rows = []
    for part in PARTS:
        inside = design.mark(sample, part)
        if not inside.any():
            continue
        key = {"context": sample.context, "model": name, "part": part, "feature": None}
        key |= count_clips(design, sample, part)
        rows += [{**key, **row} for row in measure(sample.truth[inside], prediction[inside])]
    return rows


def _measure_errors(truth: np.ndarray, guess: np.ndarray) -> list[dict[str, Any]]:
    correlation, note = correlate(truth, guess)
    return [
        {"term": "rmse", "estimate": measure_rmse(truth, guess), "note": None},
        {"term": "correlation", "estimate": correlation, "note": note},
    ]


def _measure_hits(truth: np.ndarray, guess: np.ndarray) -> list[dict[str, Any]]:
    return [
        {"term": "accuracy", "estimate": measure_accuracy(truth, guess)},
        {"term": "uar", "estimate": measure_uar(truth, guess)},
    ]


def count_clips(design: Design, sample: Sample, *parts: str) -> dict[str, int]:
    """Return the two count columns of a tidy row."""
    clips, subjects = design.count(sample, *parts)
    return {"n_clips": clips, "n_clusters": subjects}


def correlate(truth: np.ndarray, guess: np.ndarray) -> tuple[float, str | None]:
    """Return Pearson's r of two vectors (m,), or NaN and the reason why there is none."""
    if len(truth) < 3:
        return np.nan, "fewer than 3 clips"
    for what, values in (("truth", truth), ("prediction", guess)):
        if values.std() <= 1e-12 * max(float(np.abs(values).max()), 1e-300):
            return np.nan, f"{what} is constant"
    return float(np.corrcoef(truth, guess)[0, 1]), None


def group_contexts(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the name and the rows of each context in turn; pooled rows are "All clips"."""
    contexts = rows["context"].astype(object).where(rows["context"].notna(), "All clips")
    for name, own in rows.groupby(contexts, sort=False):
        yield str(name), own


def note_few(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows in which percentile intervals over few subjects say so."""
    for row in rows:
        if row.get("method") == "percentile" and row["n_clusters"] < FEW_SUBJECTS:
            few = f"too few subjects ({row['n_clusters']}) for a bootstrap"
            row["note"] = "; ".join(filter(None, (row.get("note"), few)))
    return rows
