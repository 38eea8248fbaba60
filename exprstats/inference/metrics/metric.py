"""Performance metrics as data: name, direction, range, sums and formula."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from exprstats.errors import DataError, OptionError, Problem
from exprstats.inference.resampling.clusters import Panel
from exprstats.inference.resampling.scales import Scale
from exprstats.options import check_word

Term = Callable[[np.ndarray, np.ndarray], np.ndarray]
Naive = Callable[[np.ndarray, np.ndarray], float]
Measure = Callable[[np.ndarray], np.ndarray]
MetricLike = str | Naive
Direction = Literal["higher", "lower", "zero", "one", "unknown"]
Takes = Literal["numbers", "labels", "binary", "ranked"]
_MOST_NAMED = 5
_BINARY = np.array([0.0, 1.0])
_CODE = "Write 1 for the class of interest and 0 for all others."
_CUT = "Write predictions as 0 and 1, cutting scores at a threshold; auc takes scores as they are."
_ROUND = "Round them to labels, or ask for rmse or correlation, which take numbers."


class PrintedMetric(NamedTuple):
    """What results keep of a metric: its name, how that is printed, whether it cannot exceed 1."""

    name: str
    label: str
    bounded: bool


@dataclass(frozen=True, slots=True)
class Metric:
    """A measure of how well predictions agree with the truth.

    Attributes
    ----------
    name
        How options and results call it.
    naive
        Its plain definition: truth (n,) and prediction (n,) to one number, NaN where undefined.
        Where there are sums and a formula, they define it as well as this.
    direction
        Whether ``"higher"`` or ``"lower"`` is better, or values near ``"zero"`` or ``"one"``;
        ``"unknown"`` for plain functions, which do not say.
    range
        Lowest and highest possible value.
    sums
        The sums it is made of, by name: functions of truth (n,) and predictions (models, n) that
        return what each row adds, (n,) or (models, n). With them a resample costs a matrix product.
    formula
        Called with those sums by name, (draws,) or (models, draws); returns (models, draws).
    prepare
        Instead of sums: a function of a panel that returns a function of cluster counts
        (draws, clusters), which returns (models, draws).
    spanned
        Whether the value is divided by the theoretical range of the truth.
    fisher
        The same as ``scale="fisher"``.
    clustered
        Whether it needs whole clusters, so that rows cannot be drawn one by one.
    scale
        On which the interval of a single score is symmetric: ``"raw"``, ``"log"`` (errors),
        ``"logit"`` (shares) or ``"fisher"`` (correlations). Differences stay as they are.
    across
        Whether it may be taken across folds of a cross-validation. What relates rows to each
        other may not: training means differ between folds.
    label
        How it is printed.
    lack
        Why it may be undefined, for the note of its rows.
    rests_on
        A function of a panel that returns which clusters a value can rest on (groups,); all of them
        by default. Others count neither as clusters nor as degrees of freedom.
    takes
        What it is of; other values are refused. Any ``"numbers"``; ``"labels"``, of which there
        are few, or whole numbers;
        ``"binary"``, truth and predictions of 0 and 1; ``"ranked"``, truth of 0 and 1 and
        predictions of any size.

    Raises
    ------
    OptionError
        For a direction or values that are not known, sums without a formula, and no definition.

    Examples
    --------
    From a plain function, which is called for each resample:

    >>> def measure_worst(truth, prediction):
    ...     return float(np.abs(truth - prediction).max())
    >>> Metric("worst", measure_worst, direction="lower", range=(0, np.inf)).label
    'worst'

    From sums over rows, which makes a resample cost a matrix product:

    >>> near = Metric(
    ...     "near",
    ...     sums={"n": lambda y, p: np.ones_like(y), "hits": lambda y, p: np.abs(p - y) < 0.5},
    ...     formula=lambda n, hits: hits / n,
    ... )
    >>> near(np.array([1.0, 2.0]), np.array([1.2, 3.0]))
    0.5
    """

    name: str
    naive: Naive | None = None
    direction: Direction = "higher"
    range: tuple[float, float] = (-np.inf, np.inf)
    sums: Mapping[str, Term] | None = None
    formula: Callable[..., np.ndarray] | None = None
    prepare: Callable[[Panel], Measure] | None = None
    spanned: bool = False
    fisher: bool = False
    clustered: bool = False
    scale: Scale = "raw"
    across: bool = False
    label: str = field(default="")
    lack: str = ""
    rests_on: Callable[[Panel], np.ndarray] | None = None
    takes: Takes = "numbers"

    def __post_init__(self) -> None:
        check_word(self.direction, Direction, f"direction of metric '{self.name}'")
        check_word(self.takes, Takes, f"takes of metric '{self.name}'")
        check_word(self.scale, Scale, f"scale of metric '{self.name}'")
        if self.fisher:
            object.__setattr__(self, "scale", "fisher")
        if (self.sums is None) != (self.formula is None):
            message = f"metric '{self.name}' needs both sums and formula, or neither."
            raise OptionError(message)
        if self.naive is None and self.sums is None:
            message = f"metric '{self.name}' needs a plain function, or sums and formula."
            raise OptionError(message)
        if not self.label:
            object.__setattr__(self, "label", self.name)

    @property
    def bounded(self) -> bool:
        """Whether it cannot exceed 1 in size, so that APA style drops the leading zero."""
        return self.spanned or self.range[1] <= 1

    @property
    def as_printed(self) -> PrintedMetric:
        """What is printed of it, without its functions, which may not travel to another process."""
        return PrintedMetric(self.name, self.label, self.bounded)

    def __call__(self, truth: np.ndarray, prediction: np.ndarray) -> float:
        """Return the naive definition's value, or that of the sums where it has none."""
        if self.naive is not None:
            return self.naive(truth, prediction)
        if self.sums is None or self.formula is None:
            return float("nan")
        given = {
            name: np.sum(np.broadcast_to(term(truth, prediction[None]), (1, len(truth))), axis=1)
            for name, term in self.sums.items()
        }
        return float(np.squeeze(self.formula(**given)))


def strip_metrics(metrics: Iterable[Metric]) -> tuple[PrintedMetric, ...]:
    """Return what is printed of metrics, each once."""
    return tuple(dict.fromkeys(metric.as_printed for metric in metrics))


def check_coding(panel: Panel, metrics: Sequence[Metric]) -> None:
    """Refuse truths and predictions that a metric would silently misread."""
    for metric in metrics:
        if metric.takes == "labels":
            _check_labels(metric, panel)
        if metric.takes in {"binary", "ranked"}:
            _check_binary(metric, panel.truth, "truth", _CODE)
        if metric.takes == "binary":
            _check_binary(metric, panel.predictions, "prediction", _CUT)


def _check_labels(metric: Metric, panel: Panel) -> None:
    """Refuse what are no labels: values that are not whole, most of which stand once."""
    values = np.concatenate([panel.truth, panel.predictions.ravel()])
    broken = values[values != np.round(values)]
    if len(broken) and 2 * len(np.unique(values)) > len(values):
        column = "truth" if np.isin(broken, panel.truth).all() else "prediction"
        fact = f"{metric.name} needs labels, such as whole numbers; found {_list_values(broken)}."
        raise DataError(Problem(fact, _ROUND, column=column))


def _check_binary(metric: Metric, values: np.ndarray, column: str, remedy: str) -> None:
    if not np.isin(values, _BINARY).all():
        fact = f"{metric.name} needs 0 and 1; found {_list_values(values)}."
        raise DataError(Problem(fact, remedy, column=column))


def _list_values(values: np.ndarray) -> str:
    found = np.unique(values)
    if len(found) > _MOST_NAMED:
        return f"{len(found):,} values from {found[0]:.4g} to {found[-1]:.4g}"
    return ", ".join(f"{value:.4g}" for value in found)
