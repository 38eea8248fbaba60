"""Labels of evoked expressions: distribution, cardinality, co-occurrence, and themes of videos."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import (
    count_things,
    tell_p,
    write_count,
    write_interval,
    write_level,
    write_number,
)
from exprstats.contracts import arrange_rows
from exprstats.document.text import join_words
from exprstats.events.evoked.tables import (
    Groups,
    check_evoked,
    check_labels,
    code_names,
    find_groups,
    key_moments,
    refuse_repeats,
)
from exprstats.events.evoked.terms import (
    Counts,
    Ratios,
    Source,
    count_moments,
    count_whole,
    divide,
    list_ratios,
    list_share_differences,
    list_terms,
    weigh_ratio,
)
from exprstats.inference.resampling.pvalues import adjust_holm
from exprstats.options import check_level
from exprstats.parallel import report_progress
from exprstats.results import Result

KEYS = ("group", "expression", "versus", "term")


@dataclass(frozen=True, slots=True, eq=False)
class EvokedLabels(Result):
    """How often expressions are evoked, alone and together, and in which videos.

    Attributes
    ----------
    table
        Tidy rows by ``group`` (None: all), ``expression``, ``versus`` and ``term``:

        - ``share``: of the moments at which the expression could be seen, those with it;
        - ``label_share``: of all labels that were given, those of this expression;
        - ``cardinality``, ``share_none``, ``share_multiple``: labels per moment, and the shares of
          moments with no and with several labels (no expression);
        - ``co_occurrence``: of the moments with ``expression``, those that have ``versus`` as well
          (the matrix divided by its diagonal); ``lift``: the same over the share of ``versus``,
          with p of 1;
        - ``share_difference``, ``label_share_difference``: of a group from all other moments, with
          p, and Holm's over all groups and expressions;
        - ``video_share``: of the videos, those that belong to the group at some moment.

        ``n_joint`` and ``n_whole`` are the counts behind a ratio, ``n_clusters`` the videos.
    expressions
        In the order of the table.
    groups
        Names of the groups; empty where none were asked for.
    by
        What groups are, such as ``"group"`` or ``"theme"``.
    threshold, level
        As asked.
    n_videos, n_moments
        Sizes.
    n_missing
        Moments at which no expression could be seen.
    unit
        What is counted: a ``"moment"``, or an ``"annotation"`` where people stand in the table.
    scored
        Whether labels were cut from scores between 0 and 1.
    """

    place: ClassVar[str] = "evoked_labels"
    table: pd.DataFrame
    expressions: tuple[str, ...]
    groups: tuple[str, ...]
    by: str | None
    threshold: float
    level: float
    n_videos: int
    n_moments: int
    n_missing: int
    unit: str = "moment"
    scored: bool = False

    def pick(self, term: str, **equal: Any) -> pd.DataFrame:
        """Return the rows of a term, of all moments unless a group is named."""
        rows = self.table[self.table["term"].eq(term)]
        if "group" in rows and "group" not in equal:
            rows = rows[rows["group"].isna()]
        for name, value in equal.items():
            rows = rows[rows[name].eq(value)]
        return rows

    def glance(self) -> pd.DataFrame:
        """Return one row: sizes and cardinality."""
        row = {"n_videos": self.n_videos, "n_moments": self.n_moments, "n_missing": self.n_missing}
        card = self.pick("cardinality")["estimate"]
        return pd.DataFrame([row | {"cardinality": card.iloc[0] if len(card) else np.nan}])

    def sentence(self) -> str:
        """Return sizes, the most frequent expression, and cardinality, in APA style."""
        shares = self.pick("share").dropna(subset=["estimate"])
        seen = write_count(self.n_moments - self.n_missing)
        start = (
            f"{count_things(self.n_videos, 'video')} with {count_things(self.n_moments, self.unit)}"
        )
        if self.n_missing:
            some = "none" if self.n_missing == self.n_moments else seen
            start += f", in {some} of which something could be seen,"
        verb = "has" if self.n_videos == 1 else "have"
        if not len(shares) or not shares["estimate"].max() > 0:
            some = f": no score is {self.threshold:g} or more" if self.scored else ""
            return f"{start} {verb} no label{some}."
        top = shares.iloc[int(shares["estimate"].argmax())]
        tied = shares.loc[shares["estimate"].eq(top["estimate"]), "expression"].astype(str)
        what = "labels"
        if self.scored:
            what += f" (scores of {self.threshold:g} or more)"
        text = f"{start} {verb} {what}. Most frequent: {join_words(list(tied))}, in "
        text += f"{100 * top['estimate']:.1f}% of the {self.unit}s{self._limit(top)}."
        card = self.pick("cardinality").iloc[0]
        number = f"{write_number(card['estimate'])}{self._limit(card, 1)}"
        return f"{text} Labels per {self.unit}: {number}."

    def _limit(self, row: pd.Series, factor: float = 100.0) -> str:
        if pd.isna(row["conf_low"]):
            return ""
        decimals = 1 if factor > 1 else 2
        limits = write_interval(factor * row["conf_low"], factor * row["conf_high"], decimals)
        return f", {write_level(self.level)} CI {limits}"

    def describe_groups(self) -> str:
        """Return the clearest difference of a group from all others; empty without groups."""
        rows = self.table[self.table["term"].eq("label_share_difference")]
        tested = rows[rows["p_adjusted"].notna()] if "p_adjusted" in rows else rows.iloc[:0]
        if not len(tested):
            return ""
        sure = int(tested["p_adjusted"].lt(1 - self.level).sum())
        counted = count_things(sure, "difference", "differences", of=len(tested))
        verb = "is" if sure == 1 else "are"
        others = f"all other {self.unit}s"
        text = f"{counted} between one {self.by} and {others} {verb} beyond chance (Holm)."
        row = tested.sort_values(["p_adjusted", "p_value"], kind="stable").iloc[0]
        limits = write_interval(100 * row["conf_low"], 100 * row["conf_high"], 1)
        return (
            f"{text} Clearest: {row['expression']} in {row['group']}, "
            f"{write_points(row['estimate'])} percentage points of the labels, "
            f"{write_level(self.level)} CI {limits}, adjusted p {tell_p(row['p_adjusted'])}."
        )


def write_points(share: float) -> str:
    """Write a difference of shares as percentage points with their sign.

    Examples
    --------
    >>> write_points(0.144)
    '+14.4'
    """
    text = write_number(100 * share, 1)
    return f"+{text}" if share > 0 and text != "0.0" else text


def measure_labels(
    table: pd.DataFrame,
    *,
    expressions: Iterable[str] | None = None,
    threshold: float = 0.5,
    by: Groups = None,
    level: float = 0.95,
) -> EvokedLabels:
    """Measure how often expressions are evoked, alone, together, and by groups of videos.

    Parameters
    ----------
    table
        EVOKED: labels of 0 and 1 or scores from 0 to 1, as from `read_evoked` or `vote_labels`;
        several annotators count as several moments.
    expressions
        Columns; None: all.
    threshold
        A score here or above is a label.
    by
        Groups of moments to compare each with all others: a column (themes, parts, people), or a
        table of ``video`` and ``group`` in which a video may have several.
    level
        Confidence level.

    Returns
    -------
    EvokedLabels
        Moments of one video are alike, so that intervals leave out one video at a time (jackknife-t
        over the videos that a ratio rests on; shares on the logit scale).

    Notes
    -----
    In 300 simulated studies each with 12, 25 and 80 videos, a third of them in one group, 95%
    limits of the group's difference from all others held the truth in .98, .95 and .97 of shares,
    and in .96, .95 and .96 of shares of labels (others: ``vignettes/coverage_events.csv``).

    Raises
    ------
    DataError
        If the table is none of labels, moments stand twice, or a group is not there.

    References
    ----------
    Sun, J. J., Liu, T., Cowen, A. S., Schroff, F., Adam, H., & Prasad, G. (2020). *EEV
    dataset: Predicting expressions evoked by diverse videos*. arXiv:2001.05488.

    Zou, G. Y., & Donner, A. (2008). Construction of confidence limits about effect measures: A
    general approach. *Statistics in Medicine, 27*, 1693-1702.

    Examples
    --------
    >>> table = pd.DataFrame({"video": list("aabbcc"), "joy": [1, 1, 0, 1, 0, 1]})
    >>> table["awe"] = [0, 1] * 3
    >>> found = measure_labels(table)
    >>> found.pick("share")["estimate"].round(3).tolist()
    [0.667, 0.5]
    >>> found.pick("co_occurrence", expression="awe", versus="joy")["estimate"].tolist()
    [1.0]
    """
    names = check_evoked(table, expressions)
    check_level(level)
    check_labels(table, names, threshold)
    codes, videos = code_names(table["video"])
    if "time" in table and "annotator" not in table:
        refuse_repeats(codes, key_moments(table["time"]), videos)
    source = (table, names, threshold, codes)
    counts = count_moments(*source, len(videos))
    rows = [*_list_single(counts, names, level), *_list_pairs(counts, names, level)]
    members = find_groups(table, by, codes, videos)
    rows += _list_groups(source, counts, members, level=level)
    # Every table has the same keys, whatever was asked for.
    blank = dict.fromkeys(KEYS) | dict.fromkeys(("p_value", "p_adjusted"), np.nan)
    frame = count_whole(arrange_rows([blank | row for row in rows], KEYS))
    return EvokedLabels(
        frame,
        tuple(names),
        tuple(members),
        None if by is None else (by if isinstance(by, str) else "group"),
        threshold,
        level,
        n_videos=len(videos),
        n_moments=len(table),
        n_missing=int(counts.unseen.sum()),
        unit="annotation" if "annotator" in table else "moment",
        scored=any(bool((table[name].between(0, 1, inclusive="neither")).any()) for name in names),
    )


def _list_single(counts: Counts, names: Sequence[str], level: float) -> list[dict[str, Any]]:
    keys = [{"expression": name, "term": "share"} for name in names]
    rows = list_ratios(Ratios(counts.shown, counts.seen), keys, level=level)
    total = np.broadcast_to(counts.shown.sum(axis=0), counts.shown.shape)
    keys = [{"expression": name, "term": "label_share"} for name in names]
    rows += list_ratios(Ratios(counts.shown, total), keys, level=level)
    [mean] = list_ratios(
        Ratios(counts.labels[None], counts.whole[None]),
        [{"expression": None, "term": "cardinality"}],
        scale="log",
        level=level,
    )
    # No moment has more labels than there are expressions.
    rows.append(mean | {"conf_high": np.minimum(mean["conf_high"], len(names))})
    terms = ("share_none", "share_multiple")[: len(names)]  # of one there are never several
    parts = np.stack([counts.none, counts.multiple])[: len(terms)]
    keys = [{"expression": None, "term": term} for term in terms]
    whole = np.broadcast_to(counts.whole, parts.shape)
    return rows + list_ratios(Ratios(parts, whole), keys, level=level)


def _list_pairs(counts: Counts, names: Sequence[str], level: float) -> list[dict[str, Any]]:
    """Return rows of each expression with each other one: P(other | expression), and lift."""
    rows, tests = [], []
    for place, name in enumerate(names):
        others = [other for other in range(len(names)) if other != place]
        if not others:
            continue
        keys = [{"expression": name, "versus": names[other]} for other in others]
        ratio = Ratios(counts.both[place, others], counts.given[place, others])
        base = Ratios(counts.shown[others], counts.seen[others])
        told = [key | {"term": "co_occurrence"} for key in keys]
        rows += list_ratios(ratio, told, level=level)
        lift = divide(ratio.estimates, base.estimates)
        without = divide(ratio.left_out, base.left_out)
        told = [key | {"term": "lift"} for key in keys]
        # An expression of few videos has few degrees of freedom, however many have the other one.
        held = np.stack([ratio.whole > 0, base.part > 0])
        fewer = held.sum(axis=2).min(axis=0)
        either = held[0] | held[1]
        lines = list_terms(lift, without, either, told, scale="log", level=level, fewest=fewer)
        p_values = weigh_ratio(lift, without, either, fewer)
        sums = ratio.part.sum(axis=1), ratio.whole.sum(axis=1)
        for line, p_value, part, whole in zip(lines, p_values, *sums, strict=True):
            line |= {"p_value": p_value, "n_joint": int(part), "n_whole": int(whole)}
            tests.append(line)
        rows += lines
        report_progress("Relating expressions", place + 1, len(names))
    # Each pair stands twice, once from either side, and is tested once.
    first = [row for row in tests if names.index(row["expression"]) < names.index(row["versus"])]
    adjusted = adjust_holm(np.array([row["p_value"] for row in first]))
    pairs = zip(first, adjusted, strict=True)
    held = {frozenset((row["expression"], row["versus"])): value for row, value in pairs}
    for row in tests:
        row["p_adjusted"] = held[frozenset((row["expression"], row["versus"]))]
    return rows


def _list_groups(
    source: Source, counts: Counts, members: dict[str, np.ndarray], *, level: float
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    _, names, _, codes = source
    groups = len(counts.whole)
    for done, (group, inside) in enumerate(members.items()):
        own = count_moments(*source, groups, inside=inside, pairs=False)
        rows += [row | {"group": group} for row in _list_single(own, names, level)]
        held = (np.bincount(codes[inside], minlength=groups) > 0).astype(float)[None]
        key = {"group": group, "expression": None, "term": "video_share"}
        rows += list_ratios(Ratios(held, np.ones_like(held)), [key], level=level)
        rest = counts._replace(seen=counts.seen - own.seen, shown=counts.shown - own.shown)
        for term, pick in (
            ("share_difference", lambda one: Ratios(one.shown, one.seen)),
            ("label_share_difference", _pick_labels),
        ):
            keys = [{"group": group, "expression": name, "term": term} for name in names]
            rows += list_share_differences(pick(own), pick(rest), keys, level=level)
        report_progress("Comparing groups", done + 1, len(members))
    for term in ("share_difference", "label_share_difference"):
        mine = [row for row in rows if row["term"] == term]
        adjusted = adjust_holm(np.array([row.get("p_value", np.nan) for row in mine]))
        for row, value in zip(mine, adjusted, strict=True):
            row["p_adjusted"] = value
    return rows


def _pick_labels(counts: Counts) -> Ratios:
    return Ratios(counts.shown, np.broadcast_to(counts.shown.sum(axis=0), counts.shown.shape))
