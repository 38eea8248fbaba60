"""Adaptation of an intensity model to new people by windows of their neutral faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import MISSING, count_things, tell_p, write_interval, write_level, write_number
from exprstats.contracts import find_absent, find_empty, find_unnumbers
from exprstats.deep.evoked.ablation import tell_clips_apart
from exprstats.deep.intensity.evaluation import count_errors, turn_differences
from exprstats.deep.intensity.windows import read_marks, share_frames
from exprstats.errors import DataError, OptionError, Problem, warn_user
from exprstats.inference import Resampling, compare_models, count_within
from exprstats.inference.metrics import find_metrics
from exprstats.inference.resampling.options import choose_resampling
from exprstats.io.outputs import join_inside
from exprstats.io.sources import FilePath
from exprstats.options import IntervalName, check_count, name_some
from exprstats.parallel import Seed, report_progress
from exprstats.results import Result

if TYPE_CHECKING:
    from exprstats.deep.estimators import DeepClassifier

# Iterations that are looked at, as far as they come: each costs a prediction of all windows.
_WATCHED = (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 75, 100)
_WITHIN = "within2"


@dataclass(frozen=True, slots=True, eq=False)
class Adaptation(Result):
    """How well an intensity model predicts new people as it is adapted to each; paired.

    Attributes
    ----------
    table
        Tidy rows: metric, iteration, versus (0 for differences), term, then the estimate columns of
        a comparison. Metrics are ``accuracy``, ``within2``, ``within3``, ``mae`` and ``bias`` at
        each iteration, and ``error0``, ``error1`` …, the shares of windows so many labels off,
        before and after.
    predictions
        One row a window and iteration: clip, subject, iteration, truth, prediction.
    people
        One row a person: subject, n_neutral, n_clips, ``before`` and ``after`` (the share within
        two labels), ``bias_before``, ``bias_after`` (mean of prediction less label).
    iterations, batch, lr
        How each copy was adapted.
    level
        Of the intervals.
    n_shared
        Windows left out since they share frames with those that were adapted to.
    """

    place: ClassVar[str] = "adaptation"
    table: pd.DataFrame
    predictions: pd.DataFrame
    people: pd.DataFrame
    iterations: int
    batch: int
    lr: float
    level: float
    n_shared: int = 0

    def glance(self) -> pd.DataFrame:
        """Return one row for the whole."""
        row = {
            "n_clusters": len(self.people),
            "n_neutral": int(self.people["n_neutral"].sum()),
            "n_clips": int(self.people["n_clips"].sum()),
            "n_shared": self.n_shared,
            "iterations": self.iterations,
            "batch": self.batch,
            "lr": self.lr,
        }
        return pd.DataFrame([row])

    def pick(self, metric: str, iteration: int, *, versus: bool = False) -> dict[str, Any]:
        """Return the headline row of a metric at an iteration, or of its difference from 0."""
        table = self.table
        here = table["headline"] & table["metric"].eq(metric) & table["iteration"].eq(iteration)
        found = table[here & table["versus"].notna().eq(versus)]
        return {str(name): value for name, value in found.iloc[0].items()}

    def sentence(self) -> str:
        """Return what adapting changed, in APA style."""
        before, after = (self.pick(_WITHIN, place) for place in (0, self.iterations))
        change = self.pick(_WITHIN, self.iterations, versus=True)
        limits = write_interval(change["conf_low"], change["conf_high"], bounded=True)
        sure = f"{write_level(self.level)} CI {limits}, p {tell_p(change['p_value'])}"
        if limits == MISSING:
            sure = "the same for all people"
        return (
            f"An intensity model was adapted to each of {len(self.people)} new people in "
            f"{count_things(self.iterations, 'iteration')} of {self.batch} neutral windows. "
            f"The share of {count_things(before['n_clips'], 'other window')} within two labels "
            f"went from {write_number(before['estimate'], 2, bounded=True)} to "
            f"{write_number(after['estimate'], 2, bounded=True)}, a difference of "
            f"{write_number(change['estimate'], 2, bounded=True)}, "
            f"{sure}."
        )


def adapt_people(
    model: DeepClassifier,
    windows: pd.DataFrame,
    *,
    neutral: str,
    target: str = "label",
    iterations: int = 5,
    batch: int = 3,
    lr: float | None = None,
    neutral_label: int = 0,
    freeze_norm: bool = True,
    folder: FilePath | None = None,
    resampling: Resampling | None = None,
    draws: int | None = None,
    interval: IntervalName | None = None,
    level: float | None = None,
    seed: Seed = None,
) -> Adaptation:
    """Adapt a model to each new person by neutral windows, and judge it on the person's others.

    Each person's copy starts from the model, so that people do not matter to each other. What is
    judged at the end is the last iteration, which was chosen before; the best one of the curve
    would be better than it is.

    Parameters
    ----------
    model
        A fitted `DeepClassifier` of whole numbers, with ``load`` set.
    windows
        CLIPS of new people: clip, subject, the labels, and what ``load`` needs. Where there are
        ``video``, ``first_frame`` and ``last_frame``, windows that share a frame with one that is
        adapted to are not judged; neither are windows that are ``added`` for training.
    neutral
        Column that is True (or 1) for windows of the neutral face.
    target
        Column of the labels; those of neutral windows are not used.
    iterations, batch
        Steps, and windows in a step.
    lr
        Learning rate; None: the model's.
    neutral_label
        What neutral windows are trained on.
    freeze_norm
        Keep means and variances of batch norms.
    folder
        Takes a file of each person's copy after the last iteration, ``PERSON.safetensors``, which
        `DeepClassifier.open` reads.
    resampling, draws, interval, level, seed
        As in `compare_models`; whole people are resampled.

    Returns
    -------
    Adaptation
        Accuracy at each iteration, errors before and after, and paired differences.

    Raises
    ------
    DataError
        Columns are absent, fewer than three people have neutral and other windows, or all of them
        were trained on.
    OptionError
        The model is none of numbered classes, or knows no neutral label; or a file cannot be
        written.
    FitError
        Training diverged.

    Warns
    -----
    DataWarning
        For people who were trained on, or have no neutral or no other windows: they are left out.

    Notes
    -----
    All neutral windows have one label. What they teach first is to give this label more often, to
    the person's expressions too: the bias falls with the iterations, and accuracy with it after
    some. People whose neutral face looks like an expression gain, others can only lose.

    References
    ----------
    Ouyang, J., Koesmahargyo, V., Galatzer-Levy, I., & Zhang, L., section 4.4, Figures 5 and 6.

    Examples
    --------
    ::

        labelled = windows.assign(still=windows["task"].eq("neutral"))
        found = adapt_people(models.fits[-1], labelled, neutral="still", iterations=5, seed=1)
        print(found.sentence())
    """
    check_count(iterations, "iterations")
    check_count(batch, "batch")
    given = {"draws": draws, "interval": interval, "level": level, "seed": seed}
    how = choose_resampling(resampling, "adapt_people", without=("compat", "scheme"), **given)
    _check_model(model, neutral_label)
    people, n_shared = _split(model, windows, target=target, neutral=neutral)
    watched = [one for one in _WATCHED if one < iterations] + [iterations]
    pieces, rows, kept = [], [], set()
    for number, (person, (still, rest)) in enumerate(people.items()):
        report_progress("Adapting", number, len(people))
        labels = np.full(len(still), neutral_label)
        options = {"iterations": iterations, "batch": batch, "lr": lr, "freeze_norm": freeze_norm}
        copy, guesses = _follow(model, still, labels, rest, watched=watched, **options)
        if folder is not None:
            copy.adapted_to_ = person
            copy.save(_name_copy(Path(folder), person, kept))
        truth = rest[target].to_numpy(int)
        for iteration, guess in zip(watched, guesses, strict=True):
            columns = {"clip": tell_clips_apart(rest), "subject": person, "iteration": iteration}
            pieces.append(pd.DataFrame({**columns, "truth": truth, "prediction": guess}))
        rows.append(_describe_person(person, len(still), truth, guesses))
    report_progress("Adapting", len(people), len(people))
    predictions = pd.concat(pieces, ignore_index=True)
    return Adaptation(
        table=_compare(predictions, iterations, how),
        predictions=predictions,
        people=pd.DataFrame(rows),
        iterations=iterations,
        batch=batch,
        lr=model._plan().lr if lr is None else lr,
        level=how.level,
        n_shared=n_shared,
    )


def _check_model(model: DeepClassifier, neutral_label: int) -> None:
    classes = getattr(model, "classes_", None)
    if classes is None or not np.issubdtype(np.asarray(classes).dtype, np.integer):
        message = (
            f"the model is a {type(model).__name__} without numbered classes. Fit a "
            "DeepClassifier(range(11)), or adapt this model to one person by its adapt(X, y)."
        )
        raise OptionError(message, option="model")
    if neutral_label not in classes:
        message = f"neutral_label is {neutral_label}; the model knows {name_some(list(classes))}."
        raise OptionError(message, option="neutral_label")


def _split(
    model: DeepClassifier, windows: pd.DataFrame, *, target: str, neutral: str
) -> tuple[dict[str, tuple[pd.DataFrame, pd.DataFrame]], int]:
    """Return neutral and other windows of each new person, and how many shared frames."""
    problems = find_absent(windows, ["clip", "subject", target, neutral], "windows")
    if problems:
        raise DataError(problems)
    problems = [*find_empty(windows, ["clip", "subject"]), *find_unnumbers(windows, [target])]
    if problems:
        raise DataError(problems)
    still = read_marks(windows, neutral)
    judged = ~still & windows[target].notna().to_numpy()
    if "added" in windows:
        judged &= ~read_marks(windows, "added")
    shared = np.zeros(len(windows), bool)
    if {"video", "first_frame", "last_frame"} <= set(windows):
        shared = judged & share_frames(windows, windows[still])
    names = windows["subject"].astype(str)
    # The order of rows must not matter, as it does for batches.
    order = tell_clips_apart(windows).reset_index(drop=True).sort_values().index.to_numpy()
    rank = np.argsort(order)
    seen = {str(one) for one in [*getattr(model, "trained_on_", ()), *model.held_out_]}
    known, lacking, found = [], [], {}
    for person, places in sorted(names.groupby(names, sort=True).indices.items()):
        rows = np.asarray(places)
        rows = rows[np.argsort(rank[rows])]
        own = [windows.iloc[rows[mask[rows]]] for mask in (still, judged & ~shared)]
        if str(person) in seen:
            known.append(person)
        elif min(map(len, own)) == 0:
            lacking.append(person)
        else:
            found[str(person)] = (own[0], own[1])
    _tell_left_out(known, lacking, kept=len(found))
    return found, int(shared[names.isin(list(found)).to_numpy()].sum())


def _tell_left_out(known: list[str], lacking: list[str], *, kept: int) -> None:
    told = []
    for people, why in (
        (known, "took part in training"),
        (lacking, "without both neutral and other windows"),
    ):
        if people:
            noun = count_things(len(people), "person", "people")
            told.append(f"{noun} {why} ({name_some(people)})")
    if kept < 3:
        why = f" Left out: {'; '.join(told)}." if told else ""
        fact = f"{count_things(kept, 'new person has', 'new people have')} both kinds of windows."
        remedy = (
            "Intervals need three people or more; to one person adapt a model without judging it."
        )
        raise DataError(Problem(fact + why, remedy, column="subject"))
    if told:
        warn_user(f"Left out: {'; '.join(told)}.")


def _follow(
    model: DeepClassifier,
    still: pd.DataFrame,
    labels: np.ndarray,
    rest: pd.DataFrame,
    *,
    watched: Sequence[int],
    **options: Any,
) -> tuple[DeepClassifier, list[np.ndarray]]:
    """Return a copy and what it predicts of the other windows at the watched iterations."""
    guesses: list[np.ndarray] = []
    passed = iter(range(options["iterations"] + 1))

    def watch(copy: DeepClassifier) -> dict[str, float]:
        if next(passed) in watched:
            guesses.append(copy.predict(rest).astype(int))
        return {}

    return model.adapt(still, labels, watch=watch, **options), guesses


def _name_copy(folder: Path, person: str, kept: set[Path]) -> Path:
    """Return the file of a person's copy; names that differ in signs alone get numbers."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{folder} cannot be written ({error.strerror}). Choose another place."
        raise OptionError(message, option="folder") from error
    path, number = join_inside(folder, person, ".safetensors"), 1
    while path in kept:
        number += 1
        path = join_inside(folder, f"{person}_{number}", ".safetensors")
    kept.add(path)
    return path


def _describe_person(
    person: str, n_neutral: int, truth: np.ndarray, guesses: list[np.ndarray]
) -> dict[str, Any]:
    away = [guesses[place] - truth for place in (0, -1)]
    near = [float(np.mean(np.abs(one) <= 2)) for one in away]
    bias = [float(np.mean(one)) for one in away]
    row = {"subject": person, "n_neutral": n_neutral, "n_clips": len(truth)}
    row |= {"before": near[0], "after": near[1]}
    return {**row, "bias_before": bias[0], "bias_after": bias[1]}


def _compare(predictions: pd.DataFrame, last: int, how: Resampling) -> pd.DataFrame:
    """Return metrics at each iteration and errors at both ends, with paired differences."""
    rows = predictions.assign(model=predictions["iteration"].astype(str))
    measures = [*find_metrics(["accuracy"]), count_within(2), count_within(3)]
    measures += find_metrics(["mae", "bias"])
    curve = compare_models(rows, metrics=measures, against="0", resampling=how)
    ends = rows[rows["iteration"].isin([0, last])]
    most = int((ends["prediction"] - ends["truth"]).abs().max())
    errors = compare_models(ends, metrics=count_errors(most), against="0", resampling=how)
    table = pd.concat([curve.table, errors.table], ignore_index=True)
    return turn_differences(table)
