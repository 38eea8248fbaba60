"""Distances of predicted and true labels: metrics, a baseline, and differences of iterations."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exprstats.contracts import check_kind
from exprstats.deep.evoked.ablation import answer_mean
from exprstats.deep.result import DeepModels
from exprstats.errors import DataError, Problem
from exprstats.inference import Comparison, Metric, Resampling, compare_models
from exprstats.inference.resampling.options import choose_resampling
from exprstats.options import IntervalName
from exprstats.parallel import Seed

_METRICS = ("accuracy", "within2", "within3", "mae")
_NUMBERS = ("rmse", "correlation", "mae")


def rate_labels(
    models: DeepModels,
    *,
    resampling: Resampling | None = None,
    draws: int | None = None,
    interval: IntervalName | None = None,
    level: float | None = None,
    seed: Seed = None,
) -> Comparison:
    """Rate how near a network's labels are, beside answers that need no features.

    A network of one label is compared with always answering the middle training label, one of a
    number with the training mean. One of several labels or numbers is compared with their training
    means, by mean average precision or by squared and absolute errors, averaged over the targets.

    A label that is always the same is within three labels more often than one may think: where
    labels from 0 to 10 are equally frequent, 5 is so in 7 of 11 windows.

    Parameters
    ----------
    models
        From `fit_deep`; the network of all clips is rated.
    resampling, draws, interval, level, seed
        As in `compare_models`; whole people are resampled.

    Returns
    -------
    Comparison
        Accuracy, shares within two and three labels, and mean absolute error in the test part, of
        the network and of the model ``"median"``, with their differences. Of a number RMSE,
        correlation and mean absolute error beside ``"mean"``; of several targets ``"no features"``.

    Raises
    ------
    DataError
        There is no test part.

    References
    ----------
    Ouyang, J., Koesmahargyo, V., Galatzer-Levy, I., & Zhang, L., section 4.3.

    Examples
    --------
    ::

        rate_labels(fit_deep(windows, target="label", classes=range(11), **data), seed=1)
    """
    given = {"draws": draws, "interval": interval, "level": level, "seed": seed}
    how = choose_resampling(resampling, "rate_labels", without=("compat", "scheme"), **given)
    check_kind(models, DeepModels, "models", "fit_deep")
    rows = models.predictions[models.predictions["fitted_on"].eq("all")]
    if "added" in rows:
        # Added on purpose where labels are rare: what is usual is told by the others.
        rows = rows[~rows["added"].to_numpy(bool)].drop(columns="added")
    test = rows[rows["part"].eq("test")]
    if "seat" in rows and len(test):
        floor = answer_mean(rows)
        both = pd.concat([test, floor[floor["part"].eq("test")]], ignore_index=True)
        marks = rows["truth"].isin([0, 1]).all()
        metrics = ["average_precision"] if marks else ["mse", "mae"]
        return compare_models(both, metrics=metrics, against=models.name, resampling=how)
    if test.empty:
        fact = "nobody is in the test part."
        raise DataError(Problem(fact, "Draw parts with test people."))
    known = rows.loc[rows["part"].eq("train"), "truth"]
    metrics, constant = list(_METRICS), ("median", np.floor(np.median(known)))
    if not hasattr(models.fits[-1], "classes_"):
        metrics, constant = list(_NUMBERS), ("mean", known.mean())
    floor = test.assign(model=constant[0], prediction=constant[1])
    both = pd.concat([test, floor], ignore_index=True)
    return compare_models(both, metrics=metrics, against=models.name, resampling=how)


def count_errors(most: int) -> list[Metric]:
    """Return the metrics "share of predictions exactly so many labels off", from 0 to ``most``.

    Examples
    --------
    >>> [metric.name for metric in count_errors(2)]
    ['error0', 'error1', 'error2']
    >>> count_errors(2)[1](np.array([0, 5, 9]), np.array([1, 5, 8])).__round__(3)
    0.667
    """
    return [_count_error(size) for size in range(most + 1)]


def _count_error(size: int) -> Metric:
    def mark(truth: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        return (np.abs(predictions - truth) == size).astype(float)

    return Metric(
        f"error{size}",
        lambda truth, prediction: float(np.mean(np.abs(prediction - truth) == size)),
        direction="higher" if size == 0 else "unknown",
        range=(0, 1),
        across=True,
        sums={"n": lambda truth, _: np.ones(len(truth)), "total": mark},
        formula=lambda n, total: total / n,
        label=f"share {size} off",
    )


def turn_differences(table: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a comparison of numbers of iterations against 0 as what each adds to 0."""
    turned = table.drop(columns=["context", "model", "versus"])
    apart = table["versus"].notna().to_numpy()
    first, second = table["model"].astype(int), table["versus"].astype("Float64").astype("Int64")
    backward = apart & first.eq(0).to_numpy()
    later = second.where(backward, first.astype("Int64")).astype(int)
    turned.insert(1, "iteration", later.to_numpy())
    zero = pd.Series([0 if pair else pd.NA for pair in apart], dtype="Int64")
    turned.insert(2, "versus", zero.set_axis(turned.index))
    names = [f"iteration {one}" for one in later]
    turned["term"] = [
        f"{name} - iteration 0" if pair else name for name, pair in zip(names, apart, strict=True)
    ]
    for low, high, sign in (("conf_low", "conf_high", -1), ("low_error", "high_error", 1)):
        turned.loc[backward, low] = 0.0 + sign * table.loc[backward, high]
        turned.loc[backward, high] = 0.0 + sign * table.loc[backward, low]
    turned.loc[backward, "estimate"] = 0.0 - table.loc[backward, "estimate"]
    return turned
