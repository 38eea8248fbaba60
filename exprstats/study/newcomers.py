"""How well the models of a study of simulated data do on new people of the same population."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.parallel import Seed, spawn_seeds
from exprstats.study.outcome import StudyRun
from exprstats.study.ranges import Ranges, find_ranges
from exprstats.tables import order_levels

if TYPE_CHECKING:
    from exprstats.measurement import Factor
    from exprstats.models import Models
    from exprstats.simulate import Simulated

FRESH = 2000


def measure_performance(
    run: StudyRun, simulated: Simulated, *, subjects: int = FRESH, seed: Seed = None
) -> pd.DataFrame:
    """Return the performance of a run's models on new subjects of the same population.

    Parameters
    ----------
    run, simulated, subjects, seed
        As in `compare_truth`.

    Returns
    -------
    pandas.DataFrame
        context (None: the pooled fit), model, metric, estimate.
    """
    from exprstats.inference import find_metrics

    if run.comparison is None or run.factor is None or not run.models:
        return pd.DataFrame(columns=["context", "model", "metric", "estimate"])
    ranges = find_ranges(run.study, run.factor, next(iter(run.models.values())).predictions)
    fresh_seed, guess_seed = spawn_seeds(seed, 2)
    fresh = _score_anew(run.factor, simulated, subjects, np.random.default_rng(fresh_seed))
    metrics = find_metrics(list(dict.fromkeys(run.comparison.table["metric"])))
    rows: list[dict[str, Any]] = []
    for model, table in _predict_all(run, fresh, ranges, np.random.default_rng(guess_seed)):
        for context, group in _list_fits(table):
            truth, guess = group["truth"].to_numpy(float), group["prediction"].to_numpy(float)
            for metric in metrics:
                value = metric(truth, guess) / (ranges.spans[context] if metric.spanned else 1)
                key = {"context": context, "model": model, "metric": metric.name}
                rows.append({**key, "estimate": float(value)})
    return pd.DataFrame(rows)


def predict_clips(models: Models, clips: pd.DataFrame, context: Any) -> np.ndarray:
    """Return predictions (n,) of one fit for new clips.

    Parameters
    ----------
    models
        From `fit_elastic` or `fit_forest`.
    clips
        With the features in their own units.
    context
        Which fit: a context, or None for the pooled one.
    """
    fit = next(one for one in models.fits if one.sample.context == context)
    return fit.predict(clips[list(models.design.features)].to_numpy(float))


def _score_anew(
    factor: Factor, simulated: Simulated, subjects: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Return PREDICTIONS without predictions: new clips, their features, their scores as truth."""
    from exprstats.measurement import average_raters, score_clips
    from exprstats.simulate import simulate_again

    fresh = simulate_again(simulated, subjects=subjects, seed=rng)
    scores = score_clips(factor, average_raters(fresh.ratings)).rename(columns={"score": "truth"})
    kept = scores[["context", "clip", "fitted_on", "truth"]]
    return fresh.clips.merge(kept, on=["context", "clip"]).assign(model="new", prediction=0.0)


def _predict_all(
    run: StudyRun, fresh: pd.DataFrame, ranges: Ranges, rng: np.random.Generator
) -> Iterator[tuple[str, pd.DataFrame]]:
    from exprstats.models import guess_normal, guess_uniform

    first = next(iter(run.models.values()))
    for model in run.study.models:
        if model.kind == "uniform":
            yield model.name, guess_uniform(fresh, low=ranges.lows, high=ranges.highs, seed=rng)
        elif model.kind == "normal":
            yield model.name, guess_normal(fresh, seed=rng)
        elif model.kind != "human":  # who is judged against other raters, not against the scores
            yield model.name, _predict_fits(run.models.get(model.name, first), fresh, model.kind)


def _predict_fits(models: Models, fresh: pd.DataFrame, kind: str) -> pd.DataFrame:
    tables = []
    for context, group in _list_fits(fresh):
        guess = predict_clips(models, group, context)
        if kind == "mean":
            sample = next(one for one in models.design.samples if one.context == context)
            guess = np.full(len(group), models.design.split(sample, "train")[1].mean())
        tables.append(group.assign(prediction=guess))
    return pd.concat(tables)


def _list_fits(table: pd.DataFrame) -> Iterator[tuple[Any, pd.DataFrame]]:
    own = table[table["fitted_on"] == "context"]
    for context in order_levels(own["context"]):
        yield context, own[own["context"] == context]
    yield None, table[table["fitted_on"] == "all"]
