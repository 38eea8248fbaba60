"""Planned precision: the number of clusters a study needs, from a pilot study."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import nctdtr, ndtri, stdtrit

from exprstats.apa import write_count
from exprstats.contracts import arrange_rows
from exprstats.errors import OptionError
from exprstats.inference.comparison.predictions import (
    Span,
    check_against,
    check_predictions,
    find_span,
    split_contexts,
)
from exprstats.inference.comparison.wording import (
    cut_texts,
    label_metric,
    tell_place,
    write_metric,
    write_range,
    write_size,
)
from exprstats.inference.metrics import find_metrics
from exprstats.inference.metrics.metric import Metric, MetricLike, PrintedMetric, strip_metrics
from exprstats.inference.resampling.clusters import BLOCK, Cell, count_clusters
from exprstats.inference.resampling.evaluation import Evaluation
from exprstats.inference.resampling.options import Resampling, choose_resampling
from exprstats.inference.resampling.samples import append_pairs, average_owners, count_blocks
from exprstats.inference.resampling.terms import KEYS, pair_models, write_keys
from exprstats.options import check_count, is_positive
from exprstats.parallel import Seed, run_tasks, spawn_seeds
from exprstats.results import Result

FLAT = "no plan: the value is undefined, or the same in all studies drawn from the pilot"
FAR, SURE = 6.0, 30.0  # standard errors: no wrong side, and certainty
SIZES = (10, 20, 40, 80, 160, 320)


@dataclass(frozen=True, slots=True, eq=False)
class Precision(Result):
    """Expected widths of intervals, and power, for studies of different sizes.

    Attributes
    ----------
    table
        Tidy rows: context, metric, model, versus, term and ``n_clusters`` of the planned study;
        std_error and ``width`` (from limit to limit) of its interval, ``power`` of its t test where
        the true difference is the pilot's (which is itself uncertain: the power of the pilot's own
        size repeats its p), ``needed``: the clusters at which the asked
        width is reached, and ``pilot``: the clusters that this context's pilot has. Plans far
        beyond it rest on few people.
    width, level
        How it was asked.
    metrics
        What was measured.
    """

    place: ClassVar[str] = "precision"
    table: pd.DataFrame
    width: float | None
    level: float
    metrics: tuple[PrintedMetric, ...] = ()

    def glance(self) -> pd.DataFrame:
        """Return one row: what the plan rests on."""
        most = self.table["needed"].max() if self.width is not None else np.nan
        return pd.DataFrame(
            {
                "pilot": [int(self.table["pilot"].min())],
                "width": [self.width],
                "level": [self.level],
                "needed": [most],
            }
        )

    def sentence(self) -> str:
        """Return how many clusters the asked width needs, or the widths at the largest size."""
        lines = self.table[self.table["std_error"].notna()]
        lines = lines.drop_duplicates(["context", "metric", "term"], keep="last")
        texts = cut_texts([self._describe_row(row) for _, row in lines.iterrows()])
        return f"{'; '.join(texts)} (from a pilot of {write_range(self.table['pilot'])} clusters)."

    def _describe_row(self, row: pd.Series) -> str:
        metric = str(row["metric"])
        name = f"{label_metric(metric, self.metrics)} of {row['term']}{tell_place(row)}"
        if self.width is not None and pd.notna(row["needed"]):
            width = write_size(metric, self.width, self.metrics)
            return f"{name}: {write_count(row['needed'])} clusters for a width of {width}"
        width = write_metric(metric, row["width"], metrics=self.metrics)
        return f"{name}: width {width} with {write_count(row['n_clusters'])} clusters"


def plan_precision(
    predictions: pd.DataFrame,
    *,
    metrics: MetricLike | Sequence[MetricLike],
    width: float | None = None,
    sizes: Iterable[int] | int = SIZES,
    cluster: str = "subject",
    against: str | None = None,
    by: str | None = None,
    span: Span = None,
    resampling: Resampling | None = None,
    draws: int | None = None,
    level: float | None = None,
    seed: Seed = None,
    n_jobs: int | None = None,
) -> Precision:
    """Say how wide intervals will be in a study with more (or fewer) clusters than a pilot.

    For each size, studies of that many clusters are drawn from the pilot's clusters, with their
    rows as they are. The spread of a value over such studies, times √(G/(G - 1)) for the G clusters
    of the pilot, is its standard error there; the width is that of a t interval,
    2·t(size - 1)·SE.

    Parameters
    ----------
    predictions, metrics, cluster, against, by, span
        As in `compare_models`; the table is the pilot.
    width
        Wanted width of the interval, from limit to limit, in units of the metric.
    sizes
        Numbers of clusters to try, one or several.
    resampling, draws, level, seed, n_jobs
        As in `compare_models`; intervals are those of t.

    Returns
    -------
    Precision
        Widths, power, and the clusters that the wanted width needs.

    Raises
    ------
    DataError
        As in `compare_models`.
    OptionError
        For a width that is not positive and sizes that are no whole numbers from 3 on.

    References
    ----------
    Davison, A. C., & Hinkley, D. V. (1997). *Bootstrap methods and their application*, §2.3.
    Cohen, J. (1988). *Statistical power analysis for the behavioral sciences* (2nd ed.).

    Examples
    --------
    >>> pilot = pd.DataFrame(np.random.default_rng(1).normal(size=(40, 2)))
    >>> pilot.columns = ["truth", "prediction"]
    >>> pilot = pilot.assign(clip=range(40), subject=np.arange(40) // 4, model="net")
    >>> plan = plan_precision(pilot, metrics="rmse", sizes=[10, 40], draws=500, seed=1)
    >>> plan.table["n_clusters"].tolist(), bool(plan.table["width"].is_monotonic_decreasing)
    ([10, 40], True)
    """
    measures = find_metrics(metrics)
    without = ("strata", "scheme", "compat")
    given = {"draws": draws, "level": level, "seed": seed, "n_jobs": n_jobs}
    how = choose_resampling(resampling, "plan_precision", without=without, **given)
    if width is not None and not is_positive(width):
        message = f"width must be a positive number; got {width!r}."
        raise OptionError(message)
    sizes = _order_sizes(sizes)
    rows = check_predictions(predictions, cluster=cluster, by=by)
    cells = split_contexts(rows, cluster=cluster, by=by)
    check_against(against, cells)
    seeds = spawn_seeds(how.seed, count_blocks(how.draws))
    found: list[dict[str, Any]] = []
    for cell in cells:
        pairs = pair_models(cell.models, against)
        task = partial(measure_sizes, cell=cell, metrics=measures, pairs=pairs, sizes=sizes)
        blocks = run_tasks(task, seeds, n_jobs=how.n_jobs, label="Planning")
        values = np.concatenate(blocks, axis=3)[..., : how.draws]
        seats = [Evaluation(panel, measures).measure_whole()[..., None] for panel in cell.panels]
        means = average_owners(seats, owners=cell.owners, models=len(cell.models))
        whole = append_pairs(means, pairs)[..., 0]
        spans = find_span(span, cell, measures)
        scale = np.array([1 / spans if metric.spanned else 1.0 for metric in measures])
        # Clusters drawn from a pilot vary less than those it came from, by (G - 1)/G.
        groups = len(cell.clusters)
        spread = find_spread(values) * scale[:, None] * np.sqrt(groups / (groups - 1))
        options = {"sizes": sizes, "width": width, "level": how.level}
        found += _write_rows(cell, measures, pairs, (whole * scale[:, None], spread), **options)
    table = arrange_rows(found, KEYS)
    return Precision(table=table, width=width, level=how.level, metrics=strip_metrics(measures))


def _order_sizes(sizes: Iterable[int] | int) -> list[int]:
    """Return sizes from the smallest on, each once; the last says what is needed beyond it."""
    given = list(sizes) if isinstance(sizes, Iterable) else [sizes]
    for size in given:
        check_count(size, "sizes", least=3)
    if not given:
        message = "sizes must be one number of clusters or more; got none."
        raise OptionError(message)
    return sorted(set(given))


def _write_rows(
    cell: Cell,
    metrics: Sequence[Metric],
    pairs: Sequence[tuple[int, int]],
    values: tuple[np.ndarray, np.ndarray],
    *,
    sizes: Sequence[int],
    width: float | None,
    level: float,
) -> list[dict[str, Any]]:
    estimates, spreads = values
    names: list[tuple[str, str | None]] = [(model, None) for model in cell.models]
    names += [(cell.models[first], cell.models[second]) for first, second in pairs]
    rows = []
    for place, metric in enumerate(metrics):
        for line, (model, versus) in enumerate(names):
            for step, size in enumerate(sizes):
                spread, estimate = spreads[step, place, line], estimates[place, line]
                reach = stdtrit(size - 1, (1 + level) / 2)
                # A value that all drawn studies share has an error that they do not show.
                spread = spread if spread > 0 else np.nan
                row = write_keys(cell.context, metric.name, model, versus) | {
                    "n_clusters": size,
                    "estimate": estimate,
                    "std_error": spread,
                    "level": level,
                    "width": 2 * reach * spread,
                    "power": np.nan,
                    "needed": np.nan,
                    "pilot": len(cell.clusters),
                    "note": None if spread > 0 else FLAT,
                }
                if versus is not None and spread > 0:
                    row["power"] = compute_power(abs(estimate) / spread, size - 1, reach)
                if width is not None:
                    row["needed"] = count_needed(width, spreads[:, place, line], sizes, level)
                rows.append(row)
    return rows


def compute_power(shift: float, freedom: float, reach: float) -> float:
    """Return the power of a two-sided t test, by the noncentral t distribution (Cohen, 1988).

    ``shift`` is the true difference in units of its standard error, ``reach`` the critical value.

    Examples
    --------
    Without a difference it is the error rate:

    >>> round(compute_power(0.0, 9, float(stdtrit(9, 0.975))), 3)
    0.05
    """
    if shift > SURE:
        return 1.0
    # Far from 0 the wrong side has no share that a float could hold, and no value in SciPy.
    wrong = nctdtr(freedom, shift, -reach) if shift < FAR else 0.0
    return float(1 - nctdtr(freedom, shift, reach) + wrong)


def count_needed(width: float, spreads: np.ndarray, sizes: Sequence[int], level: float) -> float:
    """Return the number of clusters from which on a t interval has a width at most.

    Standard errors between two sizes are interpolated on the logarithms of both; outside the sizes
    they change with √size.
    """
    if not (spreads > 0).all():
        return np.nan
    share, last, least = (1 + level) / 2, sizes[-1], sizes[0]

    def is_wide(count: np.ndarray) -> np.ndarray:
        inside = np.clip(count, least, last)
        spread = np.exp(np.interp(np.log(inside), np.log(sizes), np.log(spreads)))
        reach = stdtrit(count - 1, share) * spread * np.sqrt(inside / count)
        return 2 * reach > width * (1 + 1e-12)

    wide = np.flatnonzero(is_wide(np.arange(3.0, last + 1)))
    needed = wide[-1] + 4.0 if len(wide) else 3.0
    if needed > last:
        # Beyond, a t interval needs a few clusters more than a normal one.
        needed = max(needed, np.ceil((2 * ndtri(share) * spreads[-1] / width) ** 2 * last))
        while is_wide(np.array([needed]))[0]:
            needed += 1
    return float(needed)


def measure_sizes(
    seed: np.random.SeedSequence,
    *,
    cell: Cell,
    metrics: Sequence[Metric],
    pairs: Sequence[tuple[int, int]],
    sizes: Sequence[int],
) -> np.ndarray:
    """Return values (sizes, metrics, terms, draws) of studies drawn from the pilot."""
    evaluations = [Evaluation(panel, metrics) for panel in cell.panels]
    groups, found = len(cell.clusters), []
    for size, own in zip(sizes, seed.spawn(len(sizes)), strict=True):
        drawn = np.random.default_rng(own).integers(groups, size=(BLOCK, size))
        counts = count_clusters(drawn, groups)
        values = [evaluation.measure_counts(counts) for evaluation in evaluations]
        means = average_owners(values, owners=cell.owners, models=len(cell.models))
        found.append(append_pairs(means, pairs))
    return np.array(found)


def find_spread(values: np.ndarray) -> np.ndarray:
    """Return the SD over draws (sizes, metrics, terms); NaN where fewer than two are defined."""
    defined = np.isfinite(values)
    count = defined.sum(axis=3)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(defined, values, 0.0).sum(axis=3) / count
        squares = np.where(defined, (values - mean[..., None]) ** 2, 0.0).sum(axis=3)
        return np.where(count > 1, np.sqrt(squares / (count - 1)), np.nan)
