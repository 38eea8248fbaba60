"""PREDICTIONS tables checked and split into the cells that are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_count
from exprstats.codes import encode_column, encode_table
from exprstats.contracts import (
    PREDICTIONS,
    check_table,
    find_empty,
    order_levels,
    require_columns,
    take_predictions,
)
from exprstats.errors import DataError, Option, OptionError, Problem, warn_user
from exprstats.inference.comparison.alignment import align_models
from exprstats.inference.metrics.metric import Metric
from exprstats.inference.resampling.clusters import Cell, stratify_cell
from exprstats.inference.resampling.summaries import FEWEST_CLUSTERS
from exprstats.io.guards.tables import guard_table
from exprstats.options import check_columns, is_positive, name_nearest

Span = float | Mapping[Any, float] | None
# A cluster with a third of the rows beside more than four others: tests of nothing reject at .05
# in about 10 of 100 studies (tests/inference/comparison/test_edges.py).
GIANT, MANY_GIANTS = 1 / 3, 4
_SOME = 1_000
_MANY = 20  # values of a truth that no model hits all by itself


def check_scheme(scheme: str, metrics: Sequence[Metric]) -> None:
    """Refuse a scheme that takes clusters apart where a metric needs them whole."""
    named = next((metric.name for metric in metrics if metric.clustered), None)
    if scheme == "two-stage" and named is not None:
        message = f"{named} is about whole clusters; it needs the scheme 'clusters'."
        raise OptionError(message)


def check_predictions(
    predictions: pd.DataFrame, *, cluster: str, by: str | None, strata: str | None = None
) -> pd.DataFrame:
    """Return the complete rows of a PREDICTIONS table, or refuse it.

    Warns of rows without truth or prediction, and of rows that models were trained on.
    """
    check_columns(cluster, by, strata)
    contract = replace(
        PREDICTIONS,
        key=tuple(dict.fromkeys(name for name in (*PREDICTIONS.key, by) if name)),
        ids=tuple(name for name in (cluster, strata) if name),
    )
    predictions = take_predictions(predictions)
    require_columns(predictions, [by], "predictions")
    seated = "seat" in predictions.columns
    predictions = guard_table(
        predictions, ids=(*contract.key, *contract.ids, "subject"), numbers=contract.numbers
    )
    # Models without seats have none in each row: that is no empty id.
    filled = predictions
    if seated:
        filled = predictions.assign(seat=predictions["seat"].astype(object).fillna("-"))
    if encode_table(filled, contract) is None:
        check_table(filled, contract)
    complete = predictions[["truth", "prediction"]].notna().all(axis=1).to_numpy()
    if not complete.all():
        message = (
            f"{count_things((~complete).sum(), 'rows lacks', 'rows lack', of=len(complete))}"
            " truth or prediction: left out."
        )
        lost = [f"'{name}'" for name in _find_lost(predictions["model"], complete)]
        if lost:
            message += f" Nothing is left of {count_things(len(lost), 'model')}: {', '.join(lost)}."
        warn_user(message)
    if "part" in predictions.columns:
        counts = predictions["part"].value_counts()
        if {"test", "train"} <= set(counts.index):
            message = (
                f"{count_things(counts['train'], 'row comes', 'rows come')}"
                " from training subjects and count as well. "
                "Keep the rows whose part is 'test' to see how models do on new subjects."
            )
            warn_user(message)
    rows = predictions if complete.all() else predictions[complete]
    _warn_of_copies(rows)
    # The first rows nearly always show a cluster twice.
    if not any(rows[:n].duplicated([cluster, "model"]).any() for n in (_SOME, len(rows))):
        fact = f"each {cluster} has one row, so that rows are resampled one by one. "
        warn_user(
            (fact, "Name the column that repeats with ", Option("cluster"), ", if there is one.")
        )
    return rows


def _warn_of_giants(cell: Cell, cluster: str) -> None:
    """Warn of a cluster that holds much more than its share of the rows.

    (Σn)²/Σn² is the number of equal clusters that would tell as much (Carter, Schnepel, &
    Steigerwald, 2017).
    """
    codes = np.concatenate([panel.codes for panel in cell.panels])
    counts = np.bincount(codes, minlength=len(cell.clusters))
    share = counts.max() / counts.sum()
    if len(counts) > MANY_GIANTS and share > GIANT:
        equal = counts.sum() ** 2 / (counts**2).sum()
        warn_user(
            f"{cluster} '{cell.clusters[counts.argmax()]}' holds {share:.0%} of the rows: "
            f"{len(counts):,} {cluster}s tell no more than {equal:.1f} of equal size would, and "
            "intervals can be too narrow."
        )


def _warn_of_copies(rows: pd.DataFrame) -> None:
    """Warn of models whose predictions are the truth itself, of so many values that none could be.

    Classes, and few values, can all be hit.
    """
    equal = rows["truth"].to_numpy() == rows["prediction"].to_numpy()
    models = encode_column(rows["model"])
    counts = np.bincount(models.codes)
    same = np.flatnonzero(np.bincount(models.codes[equal], minlength=len(counts)) == counts)
    if not len(same) or rows["truth"].nunique() < _MANY:
        return
    for code in same:
        count = write_count(int(counts[code]))
        warn_user(
            f"every prediction of '{models.levels[code]}' is the truth itself ({count} rows), as "
            "if both came from one column. Check where the predictions come from."
        )


def find_folds(predictions: pd.DataFrame, folds: str | None) -> str | None:
    """Return the column of folds that is named, without gaps, or ``fold`` where there is one."""
    if folds is None and "fold" not in predictions.columns:
        return None
    column = "fold" if folds is None else folds
    require_columns(predictions, [column], "predictions")
    problems = find_empty(predictions, [column])
    if problems:
        raise DataError(problems)
    return column


def seat_rows(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return rows whose seats are those of the table within each repeat or fold that it names."""
    named = [name for name in ("seat", *columns) if name in rows.columns]
    if not named or named == ["seat"]:
        return rows
    parts = rows[named].astype(object).fillna("-").astype(str)
    seat = parts[named[0]]
    for name in named[1:]:
        seat = seat + " / " + parts[name]
    return rows.assign(seat=seat)


def check_fold_clusters(rows: pd.DataFrame, cluster: str, folds: str) -> None:
    """Refuse folds that take clusters apart: a model would be tested on people it has seen."""
    key = [name for name in (cluster, "repeat", "context", "model") if name in rows.columns]
    named = rows[list(dict.fromkeys([*key, folds]))].drop_duplicates()
    twice = named.loc[named.duplicated(key), cluster]
    if len(twice):
        fact = f"{cluster} '{twice.iloc[0]}' is in more than one {folds}."
        raise DataError(Problem(fact, "Folds must hold whole clusters.", column=folds))


def _find_lost(models: pd.Series, complete: np.ndarray) -> list[str]:
    """Return the models without a complete row, or refuse predictions that have none."""
    if not complete.any():
        fact = f"none of the {write_count(len(complete))} rows has a truth and a prediction."
        raise DataError(Problem(fact, "Look at the two columns.", column="prediction"))
    kept = set(models[complete])
    return [str(name) for name in order_levels(models) if name not in kept]


def split_contexts(
    rows: pd.DataFrame,
    *,
    cluster: str,
    by: str | None,
    strata: str | None = None,
    two_stage: bool = False,
) -> list[Cell]:
    """Return a cell, of three clusters or more, for each context (with ``by``) and the pool."""
    wanted = dict.fromkeys(name for name in ("context", by, "clip") if name)
    key = [name for name in wanted if name in rows.columns]
    fits = rows["fitted_on"].to_numpy() if "fitted_on" in rows.columns else None
    own = rows if fits is None or by is None else rows[fits == "context"]
    pooled = rows if fits is None or (by is None and "all" not in fits) else rows[fits == "all"]
    parts = [] if by is None else [(c, own[own[by] == c]) for c in order_levels(own[by])]
    if by is not None:
        pooled = _keep_shared(pooled, by)
    if len(pooled):
        parts.append((None, pooled))
    cells = []
    for context, part in parts:
        cell = align_models(part, key, cluster=cluster, context=context, two_stage=two_stage)
        if strata is not None:
            cell = stratify_cell(cell, part, cluster=cluster, strata=strata)
        cells.append(cell)
    for cell in cells:
        check_clusters(len(cell.clusters), cluster, cell.context)
    _warn_of_giants(cells[-1], cluster)
    return cells


def _keep_shared(pooled: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the rows of models that stand in every context; a pool cannot compare others."""
    places = pooled.drop_duplicates(["model", by])["model"].value_counts()
    partial = places.index[places < pooled[by].nunique()]
    if len(partial) == 0:
        return pooled
    names = ", ".join(f"'{name}'" for name in partial)
    message = f"not in every {by}, and so left out where contexts are pooled: {names}."
    warn_user(message)
    return pooled[~pooled["model"].isin(partial)]


def check_clusters(count: int, cluster: str, context: object = None) -> None:
    """Refuse fewer clusters than an interval needs."""
    if count >= FEWEST_CLUSTERS:
        return
    where = "" if context is None else f"context '{context}' has "
    held = count_things(count, "cluster")
    fact = f"{where}{held}; an interval needs {FEWEST_CLUSTERS}."
    raise DataError(Problem(fact, "Add data, or name another cluster column.", column=cluster))


def check_against(against: str | None, cells: Sequence[Cell]) -> None:
    """Refuse a reference model that a cell lacks."""
    known = {model for cell in cells for model in cell.models}
    for cell in cells:
        if against is None or str(against) in cell.models:
            continue
        place = "the pool" if cell.context is None else f"context '{cell.context}'"
        where = f" in {place}" if str(against) in known else ""
        message = (
            f"model '{against}' is not known{where}. {name_nearest(str(against), cell.models)}"
        )
        raise OptionError(message)


def find_span(span: Span, cell: Cell, metrics: Sequence[Metric]) -> float:
    """Return the theoretical range of the truth in a cell; 1 where no metric needs it."""
    needing = [metric.name for metric in metrics if metric.spanned]
    if not needing:
        return 1.0
    width = span.get(cell.context) if isinstance(span, Mapping) else span
    where = "" if cell.context is None else f" in context '{cell.context}'"
    if width is None:
        truth = np.concatenate([panel.truth for panel in cell.panels])
        meaning = (
            ", the theoretical range of the truth (highest minus lowest value it can take; 7 for "
            f"scores from -3.5 to 3.5){where}. The truth here runs from {truth.min():.4g} to "
            f"{truth.max():.4g}."
        )
        need = f"{needing[0]} needs "
        raise OptionError(need, Option("span"), meaning)
    if not is_positive(width):
        message = f"span must be a positive number{where}; got {width!r}."
        raise OptionError(message)
    return float(width)
