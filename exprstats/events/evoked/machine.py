"""A machine's labels against those of annotators: precision, recall, and what a person reaches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from exprstats.events.evoked.tables import code_names, key_moments, refuse_repeats, sum_videos
from exprstats.events.evoked.terms import divide, leave_videos_out, list_mean
from exprstats.events.prediction import MEASURES
from exprstats.inference.metrics.regression import correlate_sums
from exprstats.options import RULES, Truth

SHARES = MEASURES


class Votes(NamedTuple):
    """Annotations of moments, in order of video and time.

    Attributes
    ----------
    codes, moments
        Video and time in ms of each moment (m,).
    given, yes
        (m, e) annotations of an expression, and those that say it is there.
    """

    codes: np.ndarray
    moments: np.ndarray
    given: np.ndarray
    yes: np.ndarray


def match_machine(
    votes: Votes, videos: np.ndarray, machine: pd.DataFrame, names: Sequence[str]
) -> pd.DataFrame:
    """Return the machine's scores (m, e) at the annotators' moments, NaN where it has none."""
    own, theirs = code_names(machine["video"])
    times = key_moments(machine["time"])
    refuse_repeats(own, times, theirs)
    places = {str(name): place for place, name in enumerate(videos)}
    home = np.array([places.get(str(name), -1) for name in theirs])[own]
    kept = np.flatnonzero(home >= 0)
    keys = pd.MultiIndex.from_arrays([home[kept], times[kept]])
    found = keys.get_indexer(pd.MultiIndex.from_arrays([votes.codes, votes.moments]))
    scores = machine[list(names)].iloc[kept].reset_index(drop=True)
    return scores.reindex(np.where(found >= 0, found, -1)).reset_index(drop=True)


def list_machine(
    votes: Votes,
    claims: np.ndarray,
    names: Sequence[str],
    groups: int,
    *,
    truth: Truth,
    level: float,
) -> list[dict[str, Any]]:
    """Return rows of precision, recall and F1 by every rule, and what an annotator reaches."""
    rows: list[dict[str, Any]] = []
    known = np.isfinite(claims) & (votes.given > 0)
    claimed = known & (claims == 1)
    for rule in RULES:
        weight, true = _apply_rule(votes, rule)
        sums = [
            sum_videos(np.where(held, values, 0.0), votes.codes, groups)
            for held, values in ((claimed, true), (claimed, weight), (known, true))
        ]
        found = []
        for pick in (lambda one: one.sum(axis=1), leave_videos_out):
            hits, called, there = (pick(one) for one in sums)
            # Of what people see, precision is 0 where the machine never claims it, as F1 is.
            precise = np.where((called == 0) & (there > 0), 0.0, divide(hits, called))
            found.append((precise, divide(hits, there), divide(2 * hits, called + there)))
        bases = (sums[1], sums[2], sums[1] + sums[2])
        for place, term in enumerate(SHARES):
            own = list_mean(
                found[0][place],
                found[1][place],
                bases[place] > 0,
                names,
                term=term,
                scale="logit",
                level=level,
                # F1 can be above 0 only through videos in which the expression is.
                held=sums[2] > 0 if term == "f1" else None,
                used=sums[2].sum(axis=1) > 0,
            )
            head = {"source": "machine", "rule": rule, "headline": rule == truth}
            rows += [row | head for row in own]
        if rule == "each":
            rows += _list_ceiling(votes, known, sums, names, level=level)
    return rows


def _apply_rule(votes: Votes, rule: Truth) -> tuple[np.ndarray, np.ndarray]:
    """Return how much a moment weighs and how much of that is true, each (m, e)."""
    n, yes = votes.given.astype(float), votes.yes.astype(float)
    if rule == "each":
        # Each annotator in turn is the truth, so that a moment counts once for each.
        return n, yes
    held = {"majority": 2 * yes > n, "any": yes > 0, "all": (yes == n) & (n > 0)}[rule]
    return (n > 0) * 1.0, held * 1.0


def _list_ceiling(
    votes: Votes,
    known: np.ndarray,
    machine: Sequence[np.ndarray],
    names: Sequence[str],
    *,
    level: float,
) -> list[dict[str, Any]]:
    """Return rows of the machine's precision and recall less those of an annotator.

    Each annotator's label is a claim, judged by the mean of the others, so that an annotator's
    precision and recall are one number. Moments weigh by their annotators, as for the machine,
    and not by pairs of them, as in positive agreement.
    """
    n, yes = votes.given.astype(float), votes.yes.astype(float)
    rated = known & (n > 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        met = np.where(rated, yes * (yes - 1) / (n - 1), 0.0)
    groups = machine[0].shape[1]
    both, chosen = (
        sum_videos(one, votes.codes, groups) for one in (met, np.where(rated, yes, 0.0))
    )
    rows = []
    for term, place in (("precision", 1), ("recall", 2)):
        values = []
        for pick in (lambda one: one.sum(axis=1), leave_videos_out):
            own = divide(pick(machine[0]), pick(machine[place]))
            values.append(own - divide(pick(both), pick(chosen)))
        sides = np.stack([machine[place] > 0, chosen > 0])
        # Two annotators may have seen few of the videos, which are all there is on their side.
        fewer = sides.sum(axis=2).argmin(axis=0)
        held = sides[fewer, np.arange(len(names))]
        options: dict[str, Any] = {"term": term, "scale": "raw", "level": level, "held": held}
        found = list_mean(values[0], values[1], np.asarray(sides.any(axis=0)), names, **options)
        rows += [row | {"source": "machine - annotator", "rule": "each"} for row in found]
    return rows


def list_correlations(
    votes: Votes, scores: np.ndarray, names: Sequence[str], groups: int, *, level: float
) -> list[dict[str, Any]]:
    """Return rows of correlations with the mean of the other annotators: of one, and the machine.

    Notes
    -----
    Each annotator in turn is left out, x his label and t the share of the n - 1 others, whom the
    machine's score s is compared with as well. Of n annotators k with the label, Σx = Σt = k, Σxt =
    k(k - 1)/(n - 1), Σt² = (k(k - 1)² + (n - k)k²)/(n - 1)² and Σst = sk.
    """
    held = np.isfinite(scores) & (votes.given > 1)
    n, k = (np.where(held, one, 0.0) for one in (votes.given, votes.yes))
    s = np.where(held, scores, 0.0)
    rest = np.maximum(n - 1, 1)
    squares = (k * (k - 1) ** 2 + (n - k) * k**2) / rest**2
    terms = (n, k, squares, k * (k - 1) / rest, n * s, n * s**2, s * k)
    sums = [sum_videos(one, votes.codes, groups) for one in terms]
    found = []
    for pick in (lambda one: one.sum(axis=1), leave_videos_out):
        count, yes, square, met, total, spread, cross = (pick(one) for one in sums)
        truth = {"n": count, "y": yes, "yy": square}
        with np.errstate(divide="ignore", invalid="ignore"):
            one = correlate_sums(**truth, p=yes, pp=yes, yp=met)
            found.append((one, correlate_sums(**truth, p=total, pp=spread, yp=cross)))
    present = sums[0] > 0
    shared: dict[str, Any] = {"term": "correlation", "level": level}
    rows = []
    for place, source in enumerate(("annotators", "machine")):
        values = (found[0][place], found[1][place])
        own = list_mean(*values, present, names, scale="fisher", **shared)
        rows += [row | {"source": source, "rule": None} for row in own]
    values = (found[0][1] - found[0][0], found[1][1] - found[1][0])
    own = list_mean(*values, present, names, scale="raw", **shared)
    return rows + [row | {"source": "machine - annotator", "rule": None} for row in own]


def match_names(table: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Return a table whose columns have the names of another where they differ in case only.

    Examples
    --------
    >>> list(match_names(pd.DataFrame(columns=["video", "Valence"]), ["valence"]))
    ['video', 'valence']
    """
    known = {name.casefold(): name for name in names if name not in table}
    own = {one: known[str(one).casefold()] for one in table if str(one).casefold() in known}
    return table.rename(columns=own) if len(set(own.values())) == len(own) else table
