"""Evaluation of predicted labels: distances from true ones, and peak intensities of tasks."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import MISSING, count_things, tell_p, write_interval, write_level, write_number
from exprstats.contracts import (
    check_kind,
    find_empty,
    find_unnumbers,
    order_levels,
    require_columns,
)
from exprstats.deep.evoked.ablation import answer_mean
from exprstats.deep.result import DeepModels
from exprstats.errors import DataError, DataWarning, Problem, warn_user
from exprstats.inference import Comparison, Metric, Resampling, compare_models
from exprstats.inference.resampling.options import choose_resampling
from exprstats.options import IntervalName, name_some
from exprstats.parallel import Seed
from exprstats.results import Result

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


@dataclass(frozen=True, slots=True, eq=False)
class TaskPeaks(Result):
    """The strongest intensity that people reach in each task, and paired differences.

    Attributes
    ----------
    table
        Tidy rows: emotion?, task, versus, term, then the estimate columns of a comparison; the mean
        peak of each task, and differences between two.
    peaks
        One row a person and task: emotion?, subject, task, peak.
    level
        Of the intervals.
    """

    place: ClassVar[str] = "tasks"
    table: pd.DataFrame
    peaks: pd.DataFrame
    level: float

    def glance(self) -> pd.DataFrame:
        """Return one row for the whole."""
        row = {"n_clusters": self.peaks["subject"].nunique()}
        row |= {"tasks": self.peaks["task"].nunique(), "level": self.level}
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return the differences of peaks between tasks, in APA style."""
        rows = self.table[self.table["headline"] & self.table["versus"].notna()]
        told = []
        for row in rows.to_dict("records"):
            start = f"{row['emotion']}, " if "emotion" in row else ""
            value = write_number(row["estimate"], 2, bounded=True)
            limits = write_interval(row["conf_low"], row["conf_high"], bounded=True)
            sure = f"{write_level(self.level)} CI {limits}, p {tell_p(row['p_adjusted'])}"
            sure = sure if limits != MISSING else "the same in all people"
            told.append(f"{start}{row['task']} − {row['versus']}: {value}, {sure}")
        people = count_things(self.peaks["subject"].nunique(), "person", "people")
        return f"Mean peak intensities of {people}: {'; '.join(told)} (Holm)."


def compare_tasks(
    frames: pd.DataFrame,
    *,
    intensity: str = "intensity",
    task: str = "task",
    emotion: str | None = None,
    subject: str = "subject",
    resampling: Resampling | None = None,
    draws: int | None = None,
    interval: IntervalName | None = None,
    level: float | None = None,
    seed: Seed = None,
) -> TaskPeaks:
    """Compare each person's strongest intensity between tasks, such as a smile and a broad one.

    Parameters
    ----------
    frames
        One row a frame, with intensities from `label_intensity`.
    intensity, task, subject
        Columns; frames without an intensity are left out. Later tasks are compared with earlier
        ones, in the order of a categorical column or else of the rows.
    emotion
        Column of the emotion that each task asks for, where there are several.
    resampling, draws, interval, level, seed
        As in `compare_models`; whole people are resampled.

    Returns
    -------
    TaskPeaks
        Mean peaks and paired differences, adjusted by Holm within an emotion.

    Raises
    ------
    DataError
        Columns are absent or hold no numbers, there are fewer than two tasks, or fewer than three
        people did all tasks of an emotion.

    Warns
    -----
    DataWarning
        For people who lack a task; they are left out there.

    Notes
    -----
    Intensities are relative to a person's maximum over all frames, so that the stronger of two
    tasks is near 1 by construction. What the difference shows is how often, and by how much, it is
    the task that was meant to be stronger. Several tries at a task count by the strongest.

    References
    ----------
    Ouyang, J., Koesmahargyo, V., Galatzer-Levy, I., & Zhang, L., section 4.2, Figure 4.

    Examples
    --------
    >>> from exprstats import simulate_intensity
    >>> frames = simulate_intensity(subjects=12, seed=1).frames
    >>> found = compare_tasks(frames, draws=200, seed=1)
    >>> row = found.table.query("headline and task == 'smile more' and versus == 'smile'").iloc[0]
    >>> round(float(row["estimate"]), 2)
    0.41
    """
    given = {"draws": draws, "interval": interval, "level": level, "seed": seed}
    how = choose_resampling(resampling, "compare_tasks", without=("compat", "scheme"), **given)
    keys = [subject, task, *([] if emotion is None else [emotion])]
    require_columns(frames, [intensity, *keys], "frames")
    problems = [*find_empty(frames, keys), *find_unnumbers(frames, [intensity])]
    if problems:
        raise DataError(problems)
    known = frames[frames[intensity].notna()]
    peaks = known.groupby([emotion, subject, task] if emotion else [subject, task], sort=False)
    named = {emotion: "emotion", subject: "subject", task: "task", intensity: "peak"}
    table = peaks[intensity].max().reset_index().rename(columns=named)
    if "emotion" not in table:
        rows = _compare(_keep_whole(table), how)
        return TaskPeaks(rows, table, how.level)
    found = [
        _compare(_keep_whole(own, str(name)), how).assign(emotion=name)
        for name, own in ((one, table[table["emotion"].eq(one)]) for one in
                          order_levels(table["emotion"]))
    ]  # fmt: skip
    rows = pd.concat(found, ignore_index=True)
    rows.insert(0, "emotion", rows.pop("emotion"))
    return TaskPeaks(rows, table, how.level)


def _keep_whole(peaks: pd.DataFrame, emotion: str = "") -> pd.DataFrame:
    """Return the peaks of people who did all tasks."""
    tasks = peaks["task"].nunique()
    where = f" of {emotion}" if emotion else ""
    if tasks < 2:
        fact = f"there is one task{where}: '{peaks['task'].iloc[0]}'."
        raise DataError(Problem(fact, "A difference needs two.", column="task"))
    counts = peaks.groupby("subject")["task"].nunique()
    lacking = counts.index[counts < tasks].tolist()
    if lacking:
        people = count_things(len(lacking), "person", "people")
        warn_user(f"Left out for lack of a task{where}: {people}, {name_some(lacking)}.")
    return peaks[~peaks["subject"].isin(lacking)]


def _compare(peaks: pd.DataFrame, how: Resampling) -> pd.DataFrame:
    """Return mean peaks and their differences, later tasks less earlier ones."""
    tasks = order_levels(peaks["task"])
    codes = {str(name): f"{len(tasks) - place:03d}" for place, name in enumerate(tasks)}
    rows = pd.DataFrame(
        {
            "clip": peaks["subject"].astype(str),
            "subject": peaks["subject"].astype(str),
            "model": peaks["task"].astype(str).map(codes),
            "truth": 0.0,
            "prediction": peaks["peak"].to_numpy(float),
        }
    )
    rows = rows.sort_values("model", kind="stable")
    with warnings.catch_warnings():
        # One row a person is what is meant here.
        warnings.filterwarnings("ignore", "each subject has one row", DataWarning)
        found = compare_models(rows, metrics=[_PEAK], resampling=how).table
    names = {code: name for name, code in codes.items()}
    found = found.drop(columns=["context", "metric", "n_clips"]).rename(columns={"model": "task"})
    for column in ("task", "versus"):
        found[column] = found[column].map(names).astype(object)
        found[column] = found[column].where(found[column].notna(), None)
    found["term"] = [
        task if versus is None else f"{task} - {versus}"
        for task, versus in zip(found["task"], found["versus"], strict=True)
    ]
    return found


_PEAK = Metric(
    "peak",
    direction="unknown",
    range=(0, 1),
    across=True,
    sums={
        "n": lambda truth, _: np.ones(len(truth)),
        "total": lambda _, prediction: np.asarray(prediction, float),
    },
    formula=lambda n, total: total / n,
    label="mean peak",
)
