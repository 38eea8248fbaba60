"""Targets of networks: a number, a class, several labels, or several numbers of each clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from exprstats.apa import count_things
from exprstats.contracts import find_absent, find_unnumbers, require_columns
from exprstats.errors import DataError, OptionError, Problem, warn_user
from exprstats.inference.metrics.classification import measure_accuracy, measure_uar
from exprstats.inference.metrics.regression import measure_correlation, measure_rmse
from exprstats.options import name_some

Kind = Literal["number", "class", "labels", "numbers"]
_MEASURES: dict[str, dict[str, Any]] = {
    "number": {"rmse": measure_rmse, "correlation": measure_correlation},
    "numbers": {"rmse": measure_rmse, "correlation": measure_correlation},
    "class": {"accuracy": measure_accuracy, "uar": measure_uar},
}


@dataclass(frozen=True, slots=True)
class Targets:
    """What a network predicts.

    Attributes
    ----------
    own, pooled
        Columns for networks of a context and for that of all clips.
    kind
        ``"number"``, ``"class"``, or several ``"labels"`` (0 and 1) or ``"numbers"`` of each clip.
    classes
        All classes of ``"class"``.
    """

    own: tuple[str, ...]
    pooled: tuple[str, ...]
    kind: Kind
    classes: tuple[int, ...] = ()

    @property
    def several(self) -> bool:
        """Whether each clip has several."""
        return self.kind in {"labels", "numbers"}

    @property
    def name(self) -> str:
        """What the targets are called together."""
        return ", ".join(self.own)

    def read(self, sample: pd.DataFrame, *, pooled: bool) -> np.ndarray:
        """Return the targets (n,) or (n, k)."""
        truth = sample[list(self.pooled if pooled else self.own)].to_numpy(float)
        return truth if self.several else truth[:, 0]

    def check_spread(self, truth: np.ndarray, context: Any) -> None:
        """Refuse targets that are the same in all training clips, from which nothing is learned.

        Labels that no training clip has, or all have, beside others that differ are a warning.
        """
        columns = truth.reshape(len(truth), -1)
        same = (columns == columns[0]).all(axis=0)
        if not same.any():
            return
        names = [name for name, still in zip(self.own, same, strict=True) if still]
        where = "" if context is None else f" in context '{context}'"
        fact = f"{name_some(names)} {'is' if len(names) == 1 else 'are'} the same in all "
        fact += f"training clips{where}."
        if same.all() or self.kind != "labels":
            raise DataError(Problem(fact, "A network has nothing to learn from it."))
        warn_user(f"{fact} The network cannot learn this.")

    def build(self, net: Any, **options: Any) -> Any:
        """Return an estimator that is not yet fitted."""
        from exprstats.deep.estimators import DeepClassifier, DeepMultilabel, DeepRegressor

        if self.kind == "class":
            return DeepClassifier(list(self.classes), net, **options)
        return (DeepMultilabel if self.kind == "labels" else DeepRegressor)(net, **options)

    def form(self, truth: np.ndarray) -> Any:
        """Return the targets as estimators take them: several as a table with their names."""
        formed = truth.astype(int) if self.kind in {"class", "labels"} else truth
        return pd.DataFrame(formed, columns=pd.Index(self.own)) if self.several else formed

    def guess(self, model: Any, sample: pd.DataFrame) -> np.ndarray:
        """Return predictions (n,) or (n, k); of labels their probabilities."""
        guess = model.predict_proba(sample) if self.kind == "labels" else model.predict(sample)
        return guess.astype(float)

    def score(self, truth: np.ndarray, guess: np.ndarray) -> list[tuple[str, str | None, float]]:
        """Return term, target and value of each score; None stands for the mean over targets."""
        if not self.several:
            measures = _MEASURES[self.kind].items()
            return [(term, None, measure(truth, guess)) for term, measure in measures]
        measures = _MEASURES.get(self.kind, {"average_precision": _measure_precision}).items()
        columns = list(zip(self.pooled, truth.T, guess.T, strict=True))
        found, means = [], []
        for term, measure in measures:
            values = [measure(one, other) for _, one, other in columns]
            known = [value for value in values if not np.isnan(value)]
            whole = "map" if term == "average_precision" else term
            means.append((whole, None, float(np.mean(known)) if known else np.nan))
            found += [
                (term, name, value) for (name, _, _), value in zip(columns, values, strict=True)
            ]
        return [*means, *found]

    def spread(
        self, truth: np.ndarray, guess: np.ndarray, ids: pd.DataFrame, positions: np.ndarray
    ) -> pd.DataFrame:
        """Return PREDICTIONS in the order of positions; of several targets one row each."""
        columns = [(None, truth, guess)]
        if self.several:
            columns = list(zip(self.pooled, truth.T, guess.T, strict=True))
        pieces = []
        for seat, one, other in columns:
            piece = ids.assign(truth=one, prediction=other).set_index(positions).sort_index()
            pieces.append(piece if seat is None else piece.assign(seat=seat))
        return pd.concat(pieces)


def _measure_precision(truth: np.ndarray, guess: np.ndarray) -> float:
    return float(average_precision_score(truth, guess)) if truth.any() else np.nan


def open_targets(
    clips: pd.DataFrame,
    target: str | Sequence[str],
    *,
    pooled_target: str | None = None,
    classes: Sequence[int] | None = None,
    by: str | None = None,
) -> Targets:
    """Return what is predicted, from its columns of numbers (or classes) without gaps.

    Several targets have neither classes nor a pooled one.

    Examples
    --------
    >>> clips = pd.DataFrame({"joy": [0, 1], "awe": [1, 1], "score": [0.5, 2]})
    >>> open_targets(clips, ["joy", "awe"]).kind, open_targets(clips, "score").kind
    ('labels', 'number')
    """
    several = not isinstance(target, str)
    own = tuple(target) if several else (target,)
    if several and (classes is not None or pooled_target is not None or not own):
        message = (
            "several targets are labels of 0 and 1, or numbers: they take neither classes nor a "
            "pooled target, and there must be one at least."
        )
        raise OptionError(message, option="target")
    require_columns(clips, [], "clips")
    pooled = own
    if not several:
        usual = f"{target}_pooled" if f"{target}_pooled" in clips else target
        pooled = (pooled_target or usual,)
    read = list(dict.fromkeys([*own, *pooled] if by else pooled))
    problems = find_absent(clips, read, "clips") or find_unnumbers(clips, read)
    if problems:
        raise DataError(problems)
    for column in read:
        gaps = int(clips[column].isna().sum())
        if gaps:
            counted = count_things(gaps, "targets is", "targets are", of=len(clips))
            problems.append(Problem(f"{counted} missing.", "Leave them out.", column=column))
        odd = sorted(set(clips[column].dropna()) - set(classes or clips[column]), key=str)
        if odd:
            fact = f"{name_some(odd)} not among the classes."
            problems.append(Problem(fact, "Name all classes, as whole numbers.", column=column))
    if problems:
        raise DataError(problems)
    if several:
        marks = bool(clips[list(own)].isin([0, 1]).all(axis=None))
        return Targets(own, pooled, "labels" if marks else "numbers")
    if classes is None:
        return Targets(own, pooled, "number")
    return Targets(own, pooled, "class", tuple(classes))
