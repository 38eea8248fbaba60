"""Recovery of known truth by the estimates of a simulated study."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.codes import keep_codes
from exprstats.contracts import arrange_rows, order_levels
from exprstats.errors import DataWarning
from exprstats.io.guards.tables import mark_said
from exprstats.parallel import Seed, spawn_seeds
from exprstats.study.run import StudyRun
from exprstats.study.targets import Ranges, find_ranges

if TYPE_CHECKING:
    from exprstats.inference import Metric
    from exprstats.measurement import Factor
    from exprstats.models import Models
    from exprstats.simulate import Simulated

Row = dict[str, Any]
_KEYS = ("context", "item", "model", "metric", "term")
FRESH = 2000
PANELS = 200


def compare_truth(
    run: StudyRun, simulated: Simulated, *, subjects: int = FRESH, seed: Seed = None
) -> pd.DataFrame:
    """Put the truth beside the headline estimates of a study of simulated data.

    Reliabilities and loadings have their population values. The truth of a model's performance
    is that of the very model that was fitted, on new subjects of the same population, whose
    clips are scored by the fitted factor. The truth of raters is their mean performance over many
    test sets of the same size, with new subjects and new raters in each.

    Parameters
    ----------
    run
        From `run_study` on the files of ``simulated``.
    simulated
        What was drawn, with its population.
    subjects
        New subjects to measure performance on; 2,000 leave an error of about .005 in r.
    seed
        Of the new subjects; must differ from that of ``simulated``.

    Returns
    -------
    pandas.DataFrame
        context, item, model, metric, term, truth, estimate, conf_low, conf_high, level, method,
        inside (None where the truth or the interval is not defined).
    """
    asked, scored = ("context", "item", "term"), ("context", "model", "metric")
    rows: list[Row] = []
    if run.reliability is not None:
        rows += _pair(run.reliability.table, simulated.truth, asked)
    if run.factor is not None:
        loadings = run.factor.table.query("part == 'all' and term == 'loading'")
        rows += _pair(loadings, simulated.truth, asked)
    if run.comparison is not None:
        scores = run.comparison.table.query("versus.isna()")
        truth = measure_performance(run, simulated, subjects=subjects, seed=seed)
        rows += _pair(scores, truth, scored)
    frame = arrange_rows([{**row, "inside": _lies_inside(row)} for row in rows], _KEYS)
    front = [name for name in (*_KEYS, "truth") if name in frame]
    return frame[[*front, *(name for name in frame if name not in front)]]


def _pair(rows: pd.DataFrame, truth: pd.DataFrame, keys: tuple[str, ...]) -> Iterator[Row]:
    known = {_name_row(row, keys): row["estimate"] for row in truth.to_dict("records")}
    for row in rows[rows["headline"]].to_dict("records"):
        value = known.get(_name_row(row, keys), np.nan)
        kept = ("estimate", "conf_low", "conf_high", "level", "method")
        yield {
            **{key: None if pd.isna(row[key]) else row[key] for key in keys},
            "truth": value,
            **{name: row[name] for name in kept},
        }


def _name_row(row: Mapping[Any, Any], keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("" if pd.isna(row[key]) else str(row[key]) for key in keys)


def _lies_inside(row: Row) -> bool | None:
    numbers = (row["truth"], row["conf_low"], row["conf_high"])
    if any(pd.isna(number) for number in numbers):
        return None
    return bool(row["conf_low"] <= row["truth"] <= row["conf_high"])


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
    fresh_seed, guess_seed, panel_seed = spawn_seeds(seed, 3)
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
    judges = [model.name for model in run.study.models if model.kind == "human"]
    if judges:
        rng = np.random.default_rng(panel_seed)
        rows += _measure_judges(run, run.factor, simulated, ranges, metrics=metrics, rng=rng)
    return pd.DataFrame(rows)


def _measure_judges(
    run: StudyRun,
    factor: Factor,
    simulated: Simulated,
    ranges: Ranges,
    *,
    metrics: list[Metric],
    rng: np.random.Generator,
) -> list[Row]:
    """Return what human baselines show on average over test sets of new subjects and raters.

    Means over raters of a few clips each have an expectation of their own, so that the size of the
    test set stays: with 5 times the subjects for 112 raters, r within contexts was .02 to .03
    higher, and RMSE 2 to 3 %.
    """
    from exprstats.models import guess_human
    from exprstats.models.baselines.raters import METRICS, measure_raters
    from exprstats.simulate import simulate_again

    parts = run.parts
    tested = 0 if parts is None else int(parts["part"].eq("test").sum())
    workers = int(simulated.ratings["rater"].nunique())
    known = [metric for metric in metrics if metric.name in METRICS]
    found: dict[tuple[Any, str, str], list[float]] = {}
    for _ in range(PANELS):
        panel = simulate_again(simulated, subjects=tested, workers=workers, seed=rng).ratings
        panel = mark_said(panel)
        for model in [one for one in run.study.models if one.kind == "human"]:
            paper = run.study.compare.span if run.study.compare and model.unit == "paper" else None
            with warnings.catch_warnings(), keep_codes():
                # Raters of few clips are left out, of which the study itself has warned.
                warnings.simplefilter("ignore", DataWarning)
                table = guess_human(panel, factor, unit=model.unit or "worker", span=paper)
            table = table[["context", "fitted_on", "seat", "truth", "prediction"]]
            for context, group in _list_fits(table):
                if context not in ranges.spans:
                    continue
                values = measure_raters(group, known, span=ranges.spans[context])
                for metric, value in zip(known, values, strict=True):
                    found.setdefault((context, model.name, metric.name), []).append(value)
    names = ("context", "model", "metric")
    return [
        {**dict(zip(names, key, strict=True)), "estimate": float(np.nanmean(values))}
        for key, values in found.items()
    ]


def predict_sample(models: Models, clips: pd.DataFrame, context: Any) -> np.ndarray:
    """Return predictions (n,) of one fit, a context's or the pooled one (None), for new clips."""
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
    """Yield each model's predictions of new clips, where it can be said what they would be."""
    from exprstats.models import guess_normal, guess_uniform

    first = next(iter(run.models.values()))
    # A context whose factor has no scores has no models and no range.
    known = {sample.context for sample in first.design.samples}
    own = fresh["fitted_on"].eq("context")
    fresh = fresh[own & fresh["context"].isin(known) | ~own & (None in known)]
    for model in run.study.models:
        if model.kind == "uniform":
            yield model.name, guess_uniform(fresh, low=ranges.lows, high=ranges.highs, seed=rng)
        elif model.kind == "normal":
            yield model.name, guess_normal(fresh, seed=rng)
        elif model.kind == "mean" or model.name in run.models:
            # Human baselines are judged against other raters; networks learn from other inputs.
            yield model.name, _predict_fits(run.models.get(model.name, first), fresh, model.kind)


def _predict_fits(models: Models, fresh: pd.DataFrame, kind: str) -> pd.DataFrame:
    fitted = {sample.context: sample for sample in models.design.samples}
    tables = []
    for context, group in _list_fits(fresh):
        guess = predict_sample(models, group, context)
        if kind == "mean":
            training = models.design.split(fitted[context], "train")[1]
            guess = np.full(len(group), training.mean())
        tables.append(group.assign(prediction=guess))
    return pd.concat(tables)


def _list_fits(table: pd.DataFrame) -> Iterator[tuple[Any, pd.DataFrame]]:
    own = table[table["fitted_on"] == "context"]
    for context in order_levels(own["context"]):
        yield context, own[own["context"] == context]
    if len(whole := table[table["fitted_on"] == "all"]):
        yield None, whole
