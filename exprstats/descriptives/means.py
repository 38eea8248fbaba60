"""Means of scores by context: analysis of variance of people's means, and cluster intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, tell_p, write_number
from exprstats.contracts import (
    arrange_rows,
    find_empty,
    find_unnumbers,
    order_levels,
    require_columns,
)
from exprstats.descriptives.moments import FEWEST, limit_clip_means, measure_people
from exprstats.descriptives.variance import VarianceCells, compare_pairs, run_anova
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.options import check_level, name_some
from exprstats.results import Result

KEYS = ("term", "context", "versus", "group")


@dataclass(frozen=True, slots=True, eq=False)
class MeanComparison(Result):
    """Means of a score by context, and what two ways of testing them say.

    Attributes
    ----------
    table
        Tidy rows: term (``"mean"`` or ``"difference"``), context, versus (the other context or
        group), group (null over all), method (``"t"``: of people's means; ``"jackknife"``: of
        clips, people left out one by one), then the estimate columns, statistic (t), df and
        hedges_g. ``p_adjusted`` is Holm's within method and kind of pair.
    tests
        One row for each F test: term (``"context"``, ``"group"``, ``"context x group"``), method,
        statistic (F), df1, df2, epsilon (Greenhouse & Geisser, 1959), p_value, p_corrected (by
        epsilon), sphericity_w, sphericity_p (Mauchly, 1940), effect, effect_name, n_clusters, note.
    people
        Each person's mean in each context: subject, context, group, mean, n_clips, complete
        (whether the person has all contexts).
    value, by, between
        Columns that were compared.
    design
        ``"repeated"`` (people have all contexts), ``"mixed"`` (groups of such people),
        ``"independent"`` (contexts have different people), ``"groups"`` (one context, groups of
        people), or ``"none"``.
    level
        Confidence level.
    left_out
        People who lack a context and so are not in the ANOVA.
    notes
        What could not be done, and why.
    """

    place: ClassVar[str] = "means"
    table: pd.DataFrame
    tests: pd.DataFrame
    people: pd.DataFrame = field(repr=False)
    value: str
    by: str | None
    between: str | None
    design: str
    level: float
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def export(self) -> dict[str, Any]:
        """Return the rows, and the F tests beside them."""
        return {"means": self.tidy(), "mean_tests": self.tests}

    def glance(self) -> pd.DataFrame:
        """Return one row: the design, and how many people were compared."""
        people = self.people["subject"].nunique()
        row = {"design": self.design, "n_clusters": people, "n_left_out": len(self.left_out)}
        return pd.DataFrame([row | {"contexts": self.people["context"].nunique()}])

    def sentence(self) -> str:
        """Return the F tests, whether both ways agree, and what could not be done."""
        return " ".join([*self.list_tests(), *self.judge_agreement(), *self.notes])

    def list_tests(self) -> list[str]:
        """Return a sentence for each F test."""
        return [_tell_test(row, self) for row in self.tests.to_dict("records")]

    def judge_agreement(self) -> list[str]:
        """Return whether t tests of people's means and cluster intervals say the same."""
        pairs = self.table[self.table["term"].eq("difference")]
        keys = ["context", "versus", "group"]
        filled = pairs.fillna({"context": "", "group": ""})
        wide = {
            method: part.set_index(keys)["p_adjusted"] for method, part in filled.groupby("method")
        }
        if set(wide) != {"t", "jackknife"}:
            return []
        both = pd.DataFrame(wide).dropna()
        if both.empty:
            return []
        sure, other = (both[method].lt(1 - self.level) for method in ("t", "jackknife"))
        apart = both.index[sure.ne(other)].tolist()
        if apart:
            told = [_name_pair(*one) for one in apart]
            held = count_things(len(apart), "differences", "differences", of=len(both))
            held = "the one difference" if len(both) == 1 else held
            return [
                f"For {held} the t test of people's means and the cluster interval of clips "
                f"disagree ({'; '.join(told[:4])}{'; …' if len(told) > 4 else ''})."
            ]
        if len(both) == 1:
            found = "find a difference" if sure.all() else "find no difference"
            return [f"The t test of people's means and the cluster interval of clips both {found}."]
        verb = "is" if sure.sum() < 2 else "are"
        told = f"the same {sure.sum()} of the {len(both)} differences {verb}"
        told = f"all {len(both)} differences are" if sure.all() else told
        told = told if sure.any() else f"none of the {len(both)} differences is"
        start = "The t tests of people's means and the cluster intervals of clips agree"
        return [f"{start}: {told} significant (Holm)."]


def compare_means(
    table: pd.DataFrame,
    *,
    value: str = "score",
    by: str | None = "context",
    subject: str = "subject",
    between: str | None = None,
    level: float = 0.95,
) -> MeanComparison:
    """Compare the means of a score between contexts, as an ANOVA and by clusters of clips.

    Clips are not people: each person's clips of a context are averaged first, and these means are
    the observations of the ANOVA. Its design follows from the table: repeated measures where people
    have all contexts, mixed where they also fall into groups, one-way where contexts have different
    people.

    Parameters
    ----------
    table
        One row per clip.
    value
        Column of numbers; clips without a value are left out.
    by
        Column of contexts; None where there are only groups to compare.
    subject
        Column of people.
    between
        Column of groups of people, one for each person.
    level
        Confidence level.

    Returns
    -------
    MeanComparison
        Means, their differences with both kinds of intervals, and the F tests by pingouin, with
        the correction of Greenhouse and Geisser where there are three contexts or more.

    Raises
    ------
    DataError
        If a column is absent, empty or holds no numbers, or a person is in two groups.
    OptionError
        If there is nothing to compare by, or the level is no share.

    Notes
    -----
    Cluster rows: the mean of all clips of a context, also of people who lack another one; the
    difference of two such means has the delete-one-person jackknife variance and Welch's degrees of
    freedom where contexts differ in their people. Where everybody has as many clips in each
    context, both ways are the paired t interval. With groups of unequal size the sums of squares of
    the contexts are sequential (groups, contexts, interaction), as those of R's ``aov``.

    References
    ----------
    Greenhouse, S. W., & Geisser, S. (1959). On methods in the analysis of profile data.
    *Psychometrika, 24*, 95-112.
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. *Scandinavian Journal
    of Statistics, 6*, 65-70.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame({"subject": np.repeat(range(12), 6), "context": list("abcabc") * 12})
    >>> clips["score"] = rng.normal(size=72) + clips["context"].map({"a": 0, "b": 0, "c": 2})
    >>> found = compare_means(clips)
    >>> found.design, found.tests["df1"].tolist(), bool(found.tests["p_corrected"].item() < 0.001)
    ('repeated', [2.0], True)
    """
    check_level(level)
    if by is None and between is None:
        message = ("there is nothing to compare by. Name contexts with ", Option("by"), ".")
        raise OptionError(*message)
    rows = _read(table, value, by, subject, between)
    known = table[table[value].notna()]
    contexts = [""] if by is None else [str(one) for one in order_levels(known[by])]
    groups = [] if between is None else [str(one) for one in order_levels(known[between])]
    cells = (
        rows.groupby(["subject", "context", "group"], sort=False, observed=True)["y"]
        .agg(["mean", "size"])
        .reset_index()
        .rename(columns={"size": "n_clips"})
    )
    held = cells.groupby("subject", sort=False)["context"].nunique()
    whole = set(held.index[held == len(contexts)])
    cells["complete"] = cells["subject"].isin(whole)
    alone = bool((held == 1).all())
    design, notes = _find_design(contexts, groups, alone=alone, whole=len(whole), people=len(held))
    used = cells if design in {"independent", "groups"} else cells[cells["complete"]]
    frame = VarianceCells(used, tuple(contexts), tuple(groups), design, level)
    tests = list(run_anova(frame)) if design != "none" else []
    found = [
        *measure_people(frame),
        *(compare_pairs(frame) if design != "none" else ()),
        *limit_clip_means(rows, contexts, groups, level),
    ]
    lost = [] if alone else [one for one in held.index if one not in whole]
    keys = ["context", "group"]
    people = cells.assign(**{key: cells[key].where(cells[key].ne(""), None) for key in keys})
    return MeanComparison(
        table=arrange_rows([{**row, "level": level} for row in found], KEYS),
        tests=pd.DataFrame(tests),
        people=people,
        value=value,
        by=by,
        between=between,
        design=design,
        level=level,
        left_out=tuple(map(str, lost)),
        notes=tuple(notes),
    )


def _read(
    table: pd.DataFrame, value: str, by: str | None, subject: str, between: str | None
) -> pd.DataFrame:
    """Return one row per clip that has a value: subject, context, group and y."""
    ids = [one for one in (subject, by, between) if one is not None]
    require_columns(table, [value, *ids])
    problems = [*find_unnumbers(table, [value]), *find_empty(table, ids)]
    if problems:
        raise DataError(problems)
    rows = pd.DataFrame(
        {
            "subject": table[subject].astype(str),
            "context": "" if by is None else table[by].astype(str),
            "group": "" if between is None else table[between].astype(str),
            "y": table[value].to_numpy(float, na_value=np.nan),
        },
        index=table.index,
    )
    rows = rows[rows["y"].notna()]
    if rows.empty:
        raise DataError(Problem("no clip has a value.", "Name another column.", column=value))
    counts = rows.groupby("subject", sort=False)["group"].nunique()
    several = [str(one) for one in counts.index[counts > 1]]
    if several:
        fact = f"{count_things(len(several), 'person is', 'people are')} in two groups"
        named = f"{fact}: {name_some(several)}."
        remedy = ("Groups are of people; name contexts with ", Option("by"), ".")
        raise DataError(Problem(named, remedy, column=between))
    return rows


def _find_design(
    contexts: Sequence[str], groups: Sequence[str], *, alone: bool, whole: int, people: int
) -> tuple[str, list[str]]:
    """Return the design that people and contexts have, and why there is none."""
    if len(contexts) == 1:
        if len(groups) > 1:
            return "groups", []
        return "none", ["There is one context, so that there are no means to compare."]
    if alone:
        more = "Contexts have different people; groups within them were not compared."
        return "independent", [more] if len(groups) > 1 else []
    if whole < FEWEST:
        told = count_things(whole, "person has", "people have", of=people)
        need = f"a repeated-measures ANOVA needs {FEWEST}"
        return "none", [f"Only {told} all {len(contexts)} contexts; {need}."]
    return ("mixed" if len(groups) > 1 else "repeated"), []


def _name_pair(context: Any, versus: Any, group: Any) -> str:
    return f"{context or group} - {versus}"


def _tell_test(row: dict[Any, Any], found: MeanComparison) -> str:
    """Return one F test as a sentence in APA style."""
    name = {"context": "contexts", "group": "groups"}.get(row["term"])
    if pd.isna(row["statistic"]):
        return f"The {row['method']} of {name or row['term']} is not defined: {row['note']}."
    corrected = pd.notna(row["p_corrected"])
    p_value = row["p_corrected"] if corrected else row["p_value"]
    scale = row["epsilon"] if corrected else 1.0
    digits = 2 if corrected or row["method"] == "Welch's ANOVA" else 0
    first = 2 if corrected else 0
    df1, df2 = write_number(scale * row["df1"], first), write_number(scale * row["df2"], digits)
    sure = p_value < 1 - found.level
    if name:
        start = f"Means {'differed' if sure else 'did not differ significantly'} between {name}"
    else:
        start = f"Contexts and groups {'interacted' if sure else 'did not interact significantly'}"
    effect = ""
    if pd.notna(row["effect"]):
        effect = f", {row['effect_name']} = {write_number(row['effect'], bounded=True)}"
    how = f"{row['method']}, {count_things(row['n_clusters'], 'person', 'people')}"
    how += ", Greenhouse–Geisser" if corrected else ""
    f = write_number(row["statistic"])
    return f"{start}, F({df1}, {df2}) = {f}, p {tell_p(p_value)}{effect} ({how})."
