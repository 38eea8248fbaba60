"""Predicted expressions against the truth: average precision, errors, correlations, ablations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, tell_p, write_interval, write_level, write_number
from exprstats.contracts import arrange_rows, require_columns
from exprstats.errors import Option, OptionError, warn_user
from exprstats.events.evoked.machine import match_names
from exprstats.events.evoked.sampling import (
    CHANCE,
    FEWEST,
    MSE_MEAN,
    Work,
    write_differences,
    write_scores,
)
from exprstats.events.evoked.tables import (
    ROLES,
    Groups,
    MatchedMoments,
    Predictions,
    align_moments,
    find_groups,
    name_models,
    share_expressions,
)
from exprstats.inference.metrics import find_metrics
from exprstats.inference.resampling.samples import count_blocks
from exprstats.inference.resampling.terms import pair_models
from exprstats.options import MOST_DRAWS, check_count, check_level, name_nearest, name_some
from exprstats.parallel import Seed, check_jobs, report_progress, spawn_seeds
from exprstats.results import Result

LABELLED = ("average_precision",)
MOST_COMPARED = 30
RATED = ("mse", "mse_mean", "correlation", "correlation_mean")

DIMENSIONS = {"valence", "arousal", "dominance"}


@dataclass(frozen=True, slots=True, eq=False)
class EvokedScores(Result):
    """How well models predict what is evoked, and how they differ.

    Attributes
    ----------
    table
        Tidy rows by ``group`` (None: all moments), ``expression`` (None: plain mean over
        expressions), ``model``, ``versus`` (None: a score) and ``term``: ``average_precision``
        where the truth is 0 or 1, otherwise ``mse`` and ``correlation`` over all moments, and
        ``mse_mean`` and ``correlation_mean``, the means over videos. The mean over expressions of
        average precision is MAP. Where groups were asked for, rows with ``group`` and
        ``versus_group`` are a model's differences between two groups. ``headline`` marks the
        method to print.
    expressions, models, groups
        In the order of the table.
    terms
        What was measured.
    against
        The model that others are compared with.
    level, draws
        As asked.
    n_videos, n_moments
        Sizes.
    source
        What the truth is.
    """

    place: ClassVar[str] = "evoked_scores"
    table: pd.DataFrame
    expressions: tuple[str, ...]
    models: tuple[str, ...]
    groups: tuple[str, ...]
    terms: tuple[str, ...]
    against: str
    level: float
    draws: int
    n_videos: int
    n_moments: int
    source: str = "labels"

    @property
    def key(self) -> str:
        """What the truth is, which tells the results of one analysis apart."""
        return self.source

    def pick(self, term: str, **equal: Any) -> pd.DataFrame:
        """Return headline rows of a term; what is not named is None, and None is empty."""
        rows = self.table[self.table["term"].eq(term) & self.table["headline"]]
        for name in ("group", "versus_group", "versus"):
            equal.setdefault(name, None)
        for name, value in equal.items():
            if name in rows:
                rows = rows[rows[name].isna() if value is None else rows[name].eq(value)]
        return rows

    def glance(self) -> pd.DataFrame:
        """Return one row a model: the means over expressions."""
        found: list[dict[str, Any]] = [{"model": model} for model in self.models]
        for row in found:
            for term in self.terms:
                value = self.pick(term, expression=None, model=row["model"])["estimate"]
                row[term] = value.iloc[0] if len(value) else np.nan
        return pd.DataFrame(found)

    @property
    def kind(self) -> str:
        """What is predicted: a ``"dimension"``, such as valence, or an ``"expression"``."""
        ratings = {one.casefold() for one in self.expressions} <= DIMENSIONS
        return "dimension" if ratings else "expression"

    def sentence(self) -> str:
        """Return the first model's mean score, and how it differs from others, in APA style."""
        term = self.terms[0]
        told = []
        for one in [
            term,
            *(["correlation"] if term == "mse" and "correlation" in self.terms else []),
        ]:
            row = self.pick(one, expression=None, model=self.against).iloc[0]
            own = self.pick(one, model=self.against)
            defined = own[own["expression"].notna()]["estimate"].notna().sum()
            whole = len(self.expressions)
            kinds = count_things(whole, self.kind)
            kinds = kinds if defined == whole else f"{defined} of {kinds}"
            name = "MAP" if one == "average_precision" else f"mean {_tell(one)}"
            value = f"= {self._write(row)}" if defined else "undefined"
            told.append(f"{name} of {kinds if defined else count_things(whole, self.kind)} {value}")
        text = (
            f"{self.against}, at {count_things(self.n_moments, 'moment')} of "
            f"{count_things(self.n_videos, 'video')}: {'; '.join(told)}."
        )
        rows = self.table[self.table["headline"] & self.table["term"].eq(term)]
        rows = rows[rows["expression"].isna() & rows["versus"].notna() & rows["group"].isna()]
        told = [
            f"{one['versus']}: {self._write(one)}, adjusted p {tell_p(one['p_adjusted'])}"
            for one in rows.head(3).to_dict("records")
        ]
        more = f" in {_tell(term)}" if term == "mse" else ""
        return f"{text} Difference{more} from {'; from '.join(told)}." if told else text

    def _write(self, row: Any) -> str:
        bounded = row["term"] in {"average_precision", "correlation", "correlation_mean", "auc"}
        number = write_number(row["estimate"], 3, bounded=bounded)
        if pd.isna(row["conf_low"]):
            return number
        ends = (row["conf_low"], row["conf_high"])
        limits = write_interval(*ends, 3, bounded=bounded)
        return f"{number}, {write_level(self.level)} CI {limits}"


def _tell(term: str) -> str:
    return {"mse": "MSE", "mse_mean": "MSE per video", "auc": "AUC"}.get(
        term, term.replace("_", " ")
    )


def rate_evoked(
    truth: pd.DataFrame,
    predictions: Predictions,
    *,
    metrics: Sequence[str] | None = None,
    expressions: Iterable[str] | None = None,
    by: Groups = None,
    against: str | None = None,
    chance: bool = True,
    common: bool = False,
    draws: int = 2000,
    level: float = 0.95,
    seed: Seed = None,
    n_jobs: int = 1,
    source: str = "labels",
) -> EvokedScores:
    """Rate predictions of evoked expressions, whole videos resampled, and compare models.

    Parameters
    ----------
    truth
        EVOKED, one row a moment: labels of 0 and 1, or numbers such as valence or the share of
        annotators.
    predictions
        EVOKED scores by the name of a model, such as those of an ablation; or one table, with
        ``model`` where there are several.
    metrics
        Of `list_metrics`, and ``"mse_mean"``, the mean over videos; None: average precision where
        the truth is 0 or 1, otherwise MSE and correlation, over all moments and per video.
    expressions
        Columns; None: all that all tables have.
    by
        Groups, each rated alone and compared with each other: as in `measure_labels`.
    against
        The model that others are compared with; None: the first.
    chance
        Whether a constant score joins as a model where the truth is 0 or 1. Its average precision
        is the prevalence; random orders reach slightly more, the fewer moments the more.
    common
        Whether moments that some model does not predict are left out; otherwise refused.
    draws
        Bootstrap draws of whole videos; all models share them, so that differences are paired.
    level, seed, n_jobs
        As in `compare_models`.
    source
        What the truth is, in a word: names the result in a report.

    Returns
    -------
    EvokedScores
        Percentile and jackknife-t rows of scores and differences over whole videos, one of them
        marked for print, p of differences, Holm's over models within expression and metric.

    Notes
    -----
    In 120 simulated studies each with 12, 24 and 80 videos, 95% limits held the truth in .96,
    .96 and .95 of average precision; precision, recall and F1 of `compare_annotators` are in the
    same table (``vignettes/coverage_events.csv``).

    Raises
    ------
    DataError
        If tables share no expression, or predictions lack moments.
    OptionError
        If an option is not allowed.

    References
    ----------
    Sun, J. J., Liu, T., Cowen, A. S., Schroff, F., Adam, H., & Prasad, G. (2020). *EEV
    dataset: Predicting expressions evoked by diverse videos*. arXiv:2001.05488.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> truth = pd.DataFrame({"video": np.arange(60) // 5, "time": np.tile(np.arange(5.0), 12)})
    >>> truth["joy"] = rng.random(60) < 0.4
    >>> truth["joy"] = truth["joy"].astype(int)
    >>> model = truth.assign(joy=truth["joy"] + rng.normal(size=60))
    >>> found = rate_evoked(truth, {"net": model}, draws=200, seed=1)
    >>> found.table["model"].unique().tolist()
    ['net', 'chance']
    """
    check_level(level)
    check_count(draws, "draws", least=2, most=MOST_DRAWS)
    check_jobs(n_jobs)
    require_columns(truth, [], "truth")
    named = [str(one) for one in truth if one not in ROLES]
    tables = {name: match_names(one, named) for name, one in name_models(predictions).items()}
    names = share_expressions(truth, tables, expressions)
    rows = align_moments(truth, tables, names, common=common)
    binary = bool(np.isin(rows.truth[np.isfinite(rows.truth)], (0.0, 1.0)).all())
    chosen = list(metrics or (LABELLED if binary else RATED))
    known = {"mse_mean": MSE_MEAN}
    measures = [known[one] if one in known else find_metrics(one)[0] for one in chosen]
    spanned = [one.name for one in measures if one.spanned]
    if spanned:
        message = (
            f" '{spanned[0]}' is divided by a range that expressions need not share; take rmse."
        )
        raise OptionError(Option("metrics"), message)
    models = list(tables)
    if binary and chance and "average_precision" in chosen and CHANCE not in models:
        models.append(CHANCE)
        flat = np.zeros((1, *rows.truth.shape))
        rows = rows._replace(predictions=np.concatenate([rows.predictions, flat]))
    first = models[0] if against is None else str(against)
    if first not in models:
        message = f" '{first}' is no model. {name_nearest(first, models)}"
        raise OptionError(Option("against"), message)
    members = _keep_large(find_groups(rows.table, by, rows.codes, rows.videos), rows, names)
    seeds = spawn_seeds(seed, count_blocks(draws))
    work = Work(rows, tuple(models), names, measures, seeds, draws, n_jobs)
    found: list[dict[str, Any]] = []
    samples, present = {}, {}
    inside = {None: np.ones(len(rows.codes), dtype=bool)} | members
    for done, (group, held) in enumerate(inside.items()):
        samples[group], present[group] = work.sample(held)
        pairs = pair_models(models, first)
        options = {"level": level, "group": group}
        found += write_scores(samples[group], present[group], pairs, **options)
        report_progress("Rating groups", done + 1, len(inside))
    if len(members) > MOST_COMPARED:
        counted = count_things(len(members), "group is", "groups are")
        warn_user(f"{counted} rated and not compared; at most {MOST_COMPARED} are.")
    else:
        found += write_differences(samples, present, models, names, level)
    return EvokedScores(
        arrange_rows(found, ("group", "versus_group", "expression", "model", "versus", "term")),
        tuple(names),
        tuple(models),
        tuple(members),
        tuple(chosen),
        first,
        level,
        draws,
        n_videos=len(rows.videos),
        n_moments=len(rows.codes),
        source=source,
    )


def _keep_large(
    members: dict[str, np.ndarray], rows: MatchedMoments, names: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return the groups in which every expression is known in enough videos; name the others."""
    known = np.isfinite(rows.truth)
    sizes = {
        group: min(
            len(np.unique(rows.codes[held & known[:, place]])) for place in range(len(names))
        )
        for group, held in members.items()
    }
    small = [group for group, size in sizes.items() if size < FEWEST]
    if small:
        counted = count_things(len(small), "group has", "groups have")
        warn_user(f"{counted} fewer than {FEWEST} videos and is not rated: {name_some(small)}.")
    return {group: held for group, held in members.items() if group not in small}
