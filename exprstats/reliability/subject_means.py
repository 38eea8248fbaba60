"""Reliability of subject means over other numbers of clips and raters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import (
    MISSING,
    count_things,
    tell_number,
    write_count,
    write_interval,
    write_level,
    write_number,
)
from exprstats.contracts import arrange_rows
from exprstats.options import check_level, check_share
from exprstats.reliability.decisions import list_sizes
from exprstats.reliability.icc.analysis import find_cluster_limits
from exprstats.reliability.icc.checks import split_obstacles
from exprstats.reliability.icc.coefficients import LOWEST
from exprstats.reliability.icc.estimands import SUBJECT_NESTED, measure_estimand
from exprstats.reliability.icc.jackknife import (
    Samples,
    sample_panel,
    settle_spread,
    spread_estimand,
)
from exprstats.reliability.icc.nested import find_subject_divisors
from exprstats.reliability.icc.oneway import find_usual_divisor
from exprstats.reliability.icc.panels import Panel, split_panels
from exprstats.results import Result

KEYS = ("context", "item", "term", "raters_per_clip", "clips_per_subject", "overlap")


@dataclass(frozen=True, slots=True, eq=False)
class SubjectDecisions(Result):
    """Reliability of subjects' means over other numbers of clips and raters.

    Attributes
    ----------
    table
        One row for each context, item, number of clips a subject and of raters per clip: ``term``
        (always ICC(subject,k)), raters_per_clip, clips_per_subject, ``overlap`` (share of a clip's
        raters who also rate another clip of its subject), estimate, std_error, conf_low,
        conf_high, level, method, n_clips, n_clusters, note.
    level
        Confidence level.
    """

    place: ClassVar[str] = "subjects"
    table: pd.DataFrame
    level: float

    def glance(self) -> pd.DataFrame:
        """Return one row: the numbers of clips and raters that were looked at."""
        clips, raters = self.table["clips_per_subject"], self.table["raters_per_clip"]
        ends = {"clips_min": clips.min(), "clips_max": clips.max()}
        ends |= {"raters_min": raters.min(), "raters_max": raters.max()}
        return pd.DataFrame([{"rows": len(self.table), "level": self.level} | ends])

    def sentence(self) -> str:
        """Return the reliability at the smallest and the largest plan, in APA style."""
        plan = ["clips_per_subject", "raters_per_clip"]
        texts = []
        for _, rows in self.table.groupby(["context", "item"], dropna=False, sort=False):
            ordered = rows.sort_values(plan).to_dict("records")
            ends = [ordered[0], *ordered[1:][-1:]]
            told = ", and ".join(_write_plan(row) for row in ends)
            first = ordered[0]
            place = "" if pd.isna(first["context"]) else f" in {first['context']}"
            texts.append(
                f"Means of {first['item']}{place} would tell subjects apart with ICC(subject,k) = "
                f"{told} ({write_count(first['n_clusters'])} subjects; cluster jackknife)."
            )
        return " ".join(texts)


def study_subjects(
    ratings: pd.DataFrame,
    *,
    clips: Iterable[int] | int = (1, 2, 3, 5, 8),
    raters: Iterable[int] | int = (1, 2, 3, 5, 8, 12),
    overlap: float | None = None,
    items: Sequence[str] | str | None = None,
    by: str | None = None,
    cluster: str = "subject",
    level: float = 0.95,
) -> SubjectDecisions:
    """Say how reliable subjects' means over other numbers of clips and raters would be.

    With the components σ² of the nested model (subject S, clip within subject C, rater R,
    residual E), the mean over m clips with k raters each has the reliability
    σ²S / (σ²S + σ²C/m + σ²R/k_s + σ²E/(mk)) (Brennan, 2001). The k_s effective raters follow
    from the overlap o of a subject's clips: 1/k_s = (1 + (m − 1)·o) / (mk).

    Parameters
    ----------
    ratings
        RATINGS of a pilot with several clips a subject.
    clips
        Numbers of clips a subject, m.
    raters
        Numbers of raters per clip, k.
    overlap
        Share of a clip's raters who also rate any other one clip of its subject: 0 where each
        clip has raters of its own, 1 where the same raters rate all clips of a subject, k/W
        where each clip's raters are drawn from W. None takes the share of the pilot.
    items, by, level
        As in `rate_reliability`.
    cluster
        Column of the people seen in clips.

    Returns
    -------
    SubjectDecisions
        With jackknife limits over subjects (and raters, where they are shared): the components
        are estimated anew without each, and the reliability of every plan from them.

    Raises
    ------
    DataError
        If the pilot does not identify the components.
    OptionError
        If a number of clips or raters is no whole number from 1 on, or the overlap or level is
        outside its range.

    Notes
    -----
    In 200 simulated studies each with 12, 25 and 80 subjects and 12 raters, three of whom rated a
    clip, 95% limits held the truth in .94, .94 and .98.

    References
    ----------
    Brennan, R. L. (2001). *Generalizability theory*. Springer.

    Examples
    --------
    >>> from exprstats.simulate import simulate_expressiveness
    >>> ratings = simulate_expressiveness(subjects=20, contexts={"pain": 4}, seed=1).ratings
    >>> table = study_subjects(ratings, clips=[2, 8], raters=[6], items="response").table
    >>> bool(table["estimate"].is_monotonic_increasing)
    True
    """
    check_level(level)
    plans = list(product(list_sizes(clips, "clips"), list_sizes(raters, "raters")))
    if overlap is not None:
        check_share(overlap, "overlap")
    panels = split_panels(ratings, items=items, by=by, cluster=cluster)
    sound, _ = split_obstacles(panels, "nested")
    rows = [row for panel in sound for row in _write_panel(panel, plans, overlap, level)]
    return SubjectDecisions(arrange_rows(rows, KEYS), level)


def find_overlap(panel: Panel) -> float:
    """Return the mean share of a clip's raters who also rate another clip of its subject.

    Read from the effective raters of the subjects' means, so that the plan of a balanced pilot
    has the reliability that the pilot has.
    """
    counts = np.bincount(panel.clip)
    found = find_subject_divisors(panel, counts)
    apart = (1 - 1 / found["m"]) / find_usual_divisor(counts)
    return min(1.0, max(0.0, (1 / found["ks"] - 1 / found["mk"]) / apart))


def _write_panel(
    panel: Panel, plans: Sequence[tuple[int, int]], overlap: float | None, level: float
) -> Iterator[dict[str, Any]]:
    samples = sample_panel(panel, "nested")
    share = find_overlap(panel) if overlap is None else float(overlap)
    shared = {
        "context": panel.context,
        "item": panel.item,
        "term": SUBJECT_NESTED.name_term(averaged=True),
        "overlap": share,
        "level": level,
        "n_clips": panel.n_clips,
        "n_clusters": panel.n_subjects,
    }
    for m, k in plans:
        divisors = {"m": m, "ks": m * k / (1 + (m - 1) * share), "mk": m * k}
        plan = {"raters_per_clip": k, "clips_per_subject": m}
        yield shared | plan | _measure_plan(samples, divisors, level)


def _measure_plan(samples: Samples, divisors: dict[str, float], level: float) -> dict[str, Any]:
    """Return the reliability of a plan, with the limits of the jackknife on its own scale."""
    value = float(measure_estimand(SUBJECT_NESTED, samples.whole, divisors))
    spread = settle_spread(spread_estimand(samples, SUBJECT_NESTED, divisors))
    [way] = find_cluster_limits(value, [spread], level)
    note = way.note
    if math.isinf(value):
        value, note = math.nan, "not defined: subjects vary less than any variance allows"
    return {
        "estimate": value,
        "std_error": way.std_error,
        "conf_low": min(way.low, 1.0),
        "conf_high": min(way.high, 1.0),
        "raw_low": way.low,
        "raw_high": way.high,
        "method": way.method,
        "note": note or None,
    }


def _write_plan(row: dict[Any, Any]) -> str:
    m, k = row["clips_per_subject"], row["raters_per_clip"]
    value = tell_number(write_number(row["estimate"], bounded=True, lowest=LOWEST), after="")
    limits = write_interval(row["conf_low"], row["conf_high"], bounded=True, lowest=LOWEST)
    told = f", {write_level(row['level'])} CI {limits}" if limits != MISSING else ""
    return (
        f"{value}{told} over {count_things(m, 'clip')} with "
        f"{count_things(k, 'rater')}{' each' * (m != 1)}"
    )
