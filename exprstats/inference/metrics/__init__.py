"""Metrics of predictions as sums that clusters contribute, and the list of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from exprstats.errors import OptionError
from exprstats.inference.metrics.classification import HIT_METRICS, LABEL_METRICS
from exprstats.inference.metrics.clustered import SUBJECT_METRICS
from exprstats.inference.metrics.metric import Metric, MetricLike
from exprstats.inference.metrics.ranking import CURVE_METRICS, RANK_METRICS
from exprstats.inference.metrics.regression import MOMENT_METRICS
from exprstats.options import name_nearest

_LABELS = (*HIT_METRICS, *LABEL_METRICS)
_EVERY = (*MOMENT_METRICS, *_LABELS, *RANK_METRICS, *CURVE_METRICS, *SUBJECT_METRICS)
_KNOWN = {metric.name: metric for metric in _EVERY}


def list_metrics() -> dict[str, Metric]:
    """Return every metric that has a name, by name.

    Returns
    -------
    dict of str to Metric
        In the order in which messages list them.

    Examples
    --------
    >>> list_metrics()["uar"].label, list_metrics()["rmse"].direction
    ('UAR', 'lower')
    """
    return dict(_KNOWN)


def find_metrics(wanted: MetricLike | Sequence[MetricLike]) -> list[Metric]:
    """Return metrics for names, `Metric` objects or plain functions of truth and prediction.

    Parameters
    ----------
    wanted
        One of them, or several.

    Returns
    -------
    list of Metric
        In the order asked for; a plain function under its own name.

    Raises
    ------
    OptionError
        For a name that is not known, with the nearest one, and where two share a name.

    Examples
    --------
    >>> [metric.label for metric in find_metrics(["correlation", "rmse"])]
    ['r', 'RMSE']
    """
    alone = isinstance(wanted, str) or callable(wanted)
    given: Any = wanted
    several: list[Any] = list(given) if isinstance(given, Iterable) and not alone else [given]
    found = [_find_metric(metric) for metric in several]
    names = [metric.name for metric in found]
    if not names:
        message = f"metrics must be one or more; got none. {name_nearest('', _KNOWN)}"
        raise OptionError(message)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        message = f"two metrics are called '{twice}'. Give each a name of its own: Metric(name, …)."
        raise OptionError(message)
    return found


def _find_metric(wanted: MetricLike) -> Metric:
    if isinstance(wanted, Metric):
        return wanted
    if isinstance(wanted, str):
        if wanted not in _KNOWN:
            message = f"metric '{wanted}' is not known. {name_nearest(wanted, _KNOWN)}"
            raise OptionError(message)
        return _KNOWN[wanted]
    if not callable(wanted):
        message = (
            f"metrics must be names, Metric objects or functions of truth and prediction; "
            f"got {wanted!r}. {name_nearest('', _KNOWN)}"
        )
        raise OptionError(message)
    return Metric(getattr(wanted, "__name__", "metric"), wanted, direction="unknown")
