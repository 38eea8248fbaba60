"""Intraclass correlations of a ratings table: the verb and its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from exprstats.apa import (
    count_things,
    tell_number,
    write_count,
    write_interval,
    write_level,
    write_number,
)
from exprstats.contracts import arrange_rows
from exprstats.document.cells import LOWEST
from exprstats.errors import OptionError
from exprstats.inference.resampling.samples import count_blocks
from exprstats.options import (
    MOST_DRAWS,
    IccChoice,
    IccEstimator,
    IccModel,
    check_count,
    check_level,
    check_word,
)
from exprstats.parallel import Seed, spawn_seeds
from exprstats.reliability.icc.analysis import (
    ALL_CLIPS,
    INDEPENDENT,
    REFUSED,
    Analysis,
    analyse_crossed,
    analyse_nested,
    analyse_panel,
    list_family_rows,
    write_freedom,
    write_refusal,
)
from exprstats.reliability.icc.bootstrap import add_bootstrap
from exprstats.reliability.icc.checks import split_obstacles, warn_oddities
from exprstats.reliability.icc.estimands import settle_model
from exprstats.reliability.icc.jackknife import FEW_RATERS
from exprstats.reliability.icc.oneway import find_divisors
from exprstats.reliability.icc.panels import Panel, split_whole
from exprstats.reliability.icc.reml import add_reml, fit_reml
from exprstats.reliability.raters import warn_turned
from exprstats.results import Result

RaterRole = Literal["sample", "fixed"]
KEYS = ("context", "item", "term", "k_rule", "raters_per_clip", "estimator", "n_raters")
_ANALYSES = {"one-way": analyse_panel, "two-way": analyse_crossed, "nested": analyse_nested}
# Design effect from which an F interval is more than a fifth too narrow.
NOTABLE = 1.5
_METHODS = {
    "f": "F interval, clips treated as independent",
    "satterthwaite": "Satterthwaite interval, clips treated as independent",
    "jackknife": "cluster jackknife",
    "jackknife_subjects": "cluster jackknife, raters treated as fixed",
    "none": "no interval",
}


def rate_reliability(
    ratings: pd.DataFrame,
    *,
    model: IccChoice = "one-way",
    items: Sequence[str] | str | None = None,
    by: str | None = None,
    cluster: str | None = "subject",
    raters: RaterRole = "sample",
    level: float = 0.95,
    draws: int = 0,
    seed: Seed = None,
    estimator: IccEstimator = "closed",
) -> Reliability:
    """Estimate the reliability of ratings, of one rating and of a clip's mean.

    The one-way model of Shrout and Fleiss (1979) lets raters differ from clip to clip, and clips
    in their number of raters. The two-way model of McGraw and Wong (1996) is for raters who rate
    the same clips, all of them or, connected by shared clips, many. ANOVA components keep
    negative values visible.

    Parameters
    ----------
    ratings
        RATINGS: clip, rater, item, rating; subject and context where they exist. Missing ratings
        are left out and counted.
    model
        ``"auto"``: the design decides, as `choose_icc` says: two-way agreement where all clips
        have the same raters, else one-way. ``"one-way"``: ICC(1,1), ICC(1,k). ``"two-way"``:
        agreement ICC(A,·), consistency ICC(C,·).
        ``"nested"``: ICC(clip,·), clips told apart; ICC(within,·), clips of one subject told
        apart; ICC(subject,k), subjects told apart by the mean of their clips.
    items
        Items to rate, in this order; None takes all.
    by
        Column of contexts. Each context is rated, then all of them pooled (context None): within
        contexts, whose level differences are no reliability, and beside it, with terms that end
        in "of all clips", as one sample. A clip is (context, clip).
    cluster
        Column of the people seen in clips. Without it only the F interval is given, which takes
        clips as independent.
    raters
        ``"sample"``: intervals allow for other raters. ``"fixed"``: these raters are all there are
        of interest (case 3A of McGraw and Wong, for two-way and nested models); intervals then
        leave out subjects alone.
    level
        Confidence level.
    draws
        Draws of a cluster bootstrap (percentile rows, method ``bootstrap``); 0 for none.
    seed
        Of the bootstrap.
    estimator
        ``"closed"``: ANOVA, and pairs of ratings where a table is incomplete; negative components
        stay. ``"reml"`` puts rows of restricted maximum likelihood before them: one-way here,
        two-way and nested through ``lme4`` in R.

    Returns
    -------
    Reliability
        ``table`` with a row for each coefficient, k rule and interval method: ``f`` (for agreement
        ``satterthwaite``), which take clips as independent; ``jackknife`` over subjects (and
        raters, where some rate clips of several subjects); ``jackknife_subjects``, raters treated
        as fixed, beside it where there are few raters. A context or item without a reliability has
        rows that say why.

    Raises
    ------
    DataError
        If the table breaks its contract, or no panel of ratings has a reliability: no clip has two
        ratings, ratings do not vary at all, or there is one clip.
    OptionError
        If the level is not between 0 and 1, or draws is no whole number from 0 on.
    RError
        If REML needs R or lme4 and they are missing.

    References
    ----------
    McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass correlation
    coefficients. *Psychological Methods, 1*, 30–46.

    Shrout, P. E., & Fleiss, J. L. (1979). Intraclass correlations: Uses in assessing rater
    reliability. *Psychological Bulletin, 86*, 420–428.

    Examples
    --------
    >>> import pandas as pd
    >>> ratings = pd.DataFrame(
    ...     {
    ...         "clip": ["a", "a", "b", "b", "c", "c"],
    ...         "rater": ["r1", "r2", "r3", "r4", "r5", "r6"],
    ...         "item": "response",
    ...         "rating": [1.0, 2.0, 4.0, 4.0, 2.0, 3.0],
    ...     }
    ... )
    >>> table = rate_reliability(ratings).table
    >>> [(row.term, round(row.estimate, 3)) for row in table.itertuples()]
    [('ICC(1,1)', 0.81), ('ICC(1,k)', 0.895)]
    """
    check_word(model, IccChoice, "model")
    check_word(estimator, IccEstimator, "estimator")
    check_word(raters, RaterRole, "raters")
    check_level(level)
    check_count(draws, "draws", least=0, most=MOST_DRAWS)
    whole, panels = split_whole(ratings, items=items, by=by, cluster=cluster)
    settled = settle_model(model, panels)
    if raters == "fixed" and settled == "one-way":
        message = "the one-way model takes raters as a sample; pass model='two-way' for fixed ones."
        raise OptionError(message)
    panels = [replace(panel, fixed=raters == "fixed") for panel in panels]
    sound, reasons = split_obstacles(panels, settled)
    pooled = [panel for panel in panels if panel.context is None and panel.rating.size]
    warn_oddities(ratings, whole, pooled)
    warn_turned(ratings, pooled)
    analyses = [_ANALYSES[settled](panel, level) for panel in sound]
    if draws:
        seeds = spawn_seeds(seed, count_blocks(draws))
        analyses = [add_bootstrap(analysis, seeds, draws, level) for analysis in analyses]
    fits = [fit_reml(panel, settled) for panel in sound] if estimator == "reml" else []
    if fits:
        analyses = [add_reml(*pair) for pair in zip(analyses, fits, strict=True)]
    rows, design, estimated = [], [], iter(analyses)
    for place, panel in enumerate(panels):
        analysis = None if place in reasons else next(estimated)
        if analysis is None:
            rows += write_refusal(panel, settled, reasons[place], level)
        else:
            rows += list_family_rows(analysis, level)
        design.append(count_panel(panel) | ({} if analysis is None else count_design(analysis)))
    call, versions = (fits[-1].call, dict(fits[-1].versions or {})) if fits else (None, {})
    return Reliability(
        arrange_rows(rows, KEYS), pd.DataFrame(design), level, settled, call, versions
    )


@dataclass(frozen=True, slots=True, eq=False)
class Reliability(Result):
    """Intraclass correlations of ratings, by context and item.

    Attributes
    ----------
    table
        Tidy rows: context, item, term, k_rule, raters_per_clip, estimator, n_raters, estimate,
        std_error, conf_low, conf_high, level, method, headline, n_clips, n_clusters, note; and
        raw_low, raw_high, the limits before they are cut at 1, the upper end of a reliability's
        range, and df of a jackknife's t. Contexts come first, pooled rows (context None) last.
    design
        One row for each context and item: counts, range, mean squares, components.
    level
        Confidence level.
    model
        The model, as asked for or as ``"auto"`` chose it.
    r_call, r_versions
        The R call behind REML rows and the versions of R and lme4; None and empty without R.
    """

    place: ClassVar[str] = "reliability"
    table: pd.DataFrame
    design: pd.DataFrame
    level: float
    model: IccModel = "one-way"
    r_call: str | None = None
    r_versions: dict[str, str] = field(default_factory=dict)

    def export(self) -> dict[str, Any]:
        """Return the rows, and the counts behind them."""
        return {self.place: self.tidy(), "design": self.design}

    def glance(self) -> pd.DataFrame:
        """Return one row: the model, the level, and the counts of the pooled ratings."""
        pooled = self.design[self.design["context"].isna()]
        row: dict[str, Any] = {
            "model": self.model,
            "level": self.level,
            "n_contexts": int(self.design["context"].nunique()),
            "n_items": len(pooled),
            "n_ratings": int(pooled["n_ratings"].sum()),
            "n_missing": int(pooled["n_missing"].sum()),
        }
        row |= {name: pooled[name].max() for name in ("n_clips", "n_raters", "n_clusters")}
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return the headline coefficients in APA style, one sentence a context and item."""
        shown = self.table[self.table["headline"]]
        texts = [_write_sentence(row, *self._find_beside(row)) for row in shown.to_dict("records")]
        return " ".join([*texts, *_explain_widths(self.design["design_effect"].max())])

    def _find_beside(self, row: dict[Any, Any]) -> tuple[float, dict[Any, Any] | None]:
        """Return the coefficient of all clips beside one within contexts; and the fixed raters'."""
        table = self.table[self.table["item"] == row["item"]]
        pooled = table.loc[table["term"] == row["term"] + ALL_CLIPS, "estimate"]
        within = _absent(row["context"]) and not pooled.empty
        context = row["context"]
        here = table["context"].isna() if _absent(context) else table["context"] == context
        alike = here & (table["term"] == row["term"]) & (table["k_rule"] == row["k_rule"])
        fixed = table[alike & (table["method"] == "jackknife_subjects")].to_dict("records")
        return float(pooled.iloc[0]) if within else float("nan"), next(iter(fixed), None)


def _explain_widths(effect: float) -> list[str]:
    """Return what the F interval misses, where its variance is too small by half or more."""
    if not effect >= NOTABLE:
        return []
    return [
        "Clips of one subject, and ratings of one rater, hang together: the intervals that take "
        f"clips as independent are too narrow by a factor of up to {effect**0.5:.1f} (design "
        f"effect {effect:.1f})."
    ]


def _write_sentence(row: dict[Any, Any], beside: float, fixed: dict[Any, Any] | None) -> str:
    place = "" if _absent(row["context"]) else f" in {row['context']}"
    place += "" if _absent(beside) else " within contexts"
    value = write_number(row["estimate"], bounded=True, lowest=LOWEST)
    if _absent(row["estimate"]):
        reason = str(row["note"]).removeprefix(REFUSED).rstrip(".")
        return f"Ratings of {row['item']}{place}: {row['term']} was not estimated: {reason}."
    limits = "" if _absent(row["conf_low"]) else f", {write_level(row['level'])} CI"
    limits += f" {bracket_limits(row)}" if limits else ""
    text = (
        f"Ratings of {row['item']}{place}: {row['term']} {tell_number(value)}{limits} for the "
        f"mean of {write_number(row['raters_per_clip'], 1).removesuffix('.0')} raters "
        f"({write_count(row['n_clips'])} clips{_name_clusters(row)})."
    )
    if not _absent(beside):
        other = tell_number(write_number(beside, bounded=True, lowest=LOWEST), after="")
        text += (
            f" As one sample, with level differences between contexts counted as reliability, all "
            f"clips give {other}."
        )
    return " ".join([text, *_explain_value(row), *_explain_raters(row, fixed)])


def _explain_value(row: dict[Any, Any]) -> list[str]:
    """Return what an estimate at or beyond an end of what is usual means."""
    if row["estimate"] < 0:
        return ["A negative value: clips differ less than their raters' disagreement predicts."]
    if row["estimate"] == 0:
        return ["Zero: clips differ just as much as their raters' disagreement predicts."]
    if abs(row["estimate"] - 1) < 1e-12:
        return ["The raters agree perfectly about every clip, so that no interval can be computed."]
    if _absent(row["conf_low"]):
        return [f"There is no interval: {str(row['note']).removesuffix(': no interval')}."]
    return []


def _explain_raters(row: dict[Any, Any], fixed: dict[Any, Any] | None) -> list[str]:
    """Return what few raters mean for the interval that is printed."""
    raters, clusters, df = row["n_raters"], row["n_clusters"], row["df"]
    if _absent(row["conf_low"]) or _absent(df):
        return []
    people = f"{write_count(clusters)} subjects" if clusters else f"{row['n_clips']:,} clips"
    if row["method"] == "jackknife_subjects":
        way = f"this one leaves out the {people} one by one and treats the raters as fixed."
        if raters == 2:
            return [f"Two raters are too few for an interval that allows for raters; {way}"]
        return [f"The interval does not allow for other raters: {way}"]
    if df < FEW_RATERS - 1:
        few = f"{raters} raters" if df == raters - 1 else people
        wide = " and is very wide" if df < 4 else ""
        texts = [f"With only {few} this interval rests on {write_freedom(df)}{wide}."]
        if df == raters - 1 and fixed is not None and not _absent(fixed["conf_low"]):
            texts += [f"For these raters alone, treated as fixed, it is {bracket_limits(fixed)}."]
        return texts
    return []


def bracket_limits(row: dict[Any, Any]) -> str:
    """Return a row's limits in brackets; a limit that no data could reach is named."""
    if row["conf_low"] == -float("inf"):
        return f"[not attainable, {write_number(row['conf_high'], bounded=True, lowest=LOWEST)}]"
    return write_interval(row["conf_low"], row["conf_high"], bounded=True, lowest=LOWEST)


def _name_clusters(row: dict[Any, Any]) -> str:
    subjects = "" if _absent(n := row["n_clusters"]) else f" of {count_things(n, 'subject')}"
    if _absent(row["conf_low"]):
        return subjects
    whose = str(row["note"]).partition(f"{INDEPENDENT}; ")[2]
    return f"{subjects}; {_METHODS[row['method']]}{f', of {whose}' if whose else ''}"


def _absent(value: Any) -> bool:
    return bool(pd.isna(value))


def count_panel(panel: Panel) -> dict[str, Any]:
    """Return the counts and the range of one panel."""
    counts = np.bincount(panel.clip) if panel.rating.size else np.zeros(1, dtype=np.int64)
    divisors = find_divisors(counts) if counts.min() > 0 and len(counts) > 1 else {}
    return {
        "context": panel.context,
        "item": panel.item,
        "n_ratings": int(panel.rating.size),
        "n_missing": panel.n_missing,
        "n_clips": panel.n_clips,
        "n_single": int((counts == 1).sum()),
        "n_raters": panel.n_raters,
        "n_clusters": panel.n_subjects,
        "raters_min": int(counts.min()),
        "raters_median": float(np.median(counts)),
        "raters_max": int(counts.max()),
        "raters_mean": float(counts.mean()),
        "raters_harmonic": divisors.get("harmonic", divisors.get("all", np.nan)),
        "rating_low": float(panel.rating.min(initial=np.inf)),
        "rating_high": float(panel.rating.max(initial=-np.inf)),
    }


def count_design(analysis: Analysis) -> dict[str, Any]:
    """Return the mean squares and the components of one panel, within contexts where pooled.

    Components are the ANOVA estimates, negative where clips differ less than their raters'
    disagreement makes likely. ``design_effect`` is the squared ratio of the cluster interval's
    width to that of the interval for independent clips.
    """
    squares, spread = analysis.squares, analysis.spread
    return {
        "raters_shared": None if spread is None else spread.n_raters > 0,
        "raters_n0": float(squares.n0),
        "ms_between": float(squares.between),
        "ms_within": float(squares.within),
        "design_effect": _compare_widths(analysis),
    } | {f"variance_{name}": value for name, value in analysis.components.items()}


def _compare_widths(analysis: Analysis) -> float:
    widths = {way.method: way.high - way.low for way in analysis.families[0].intervals}
    independent = widths.get("f", widths.get("satterthwaite", np.nan))
    # Of few raters t alone would make the ratio large; the interval over subjects is compared then.
    clustered = widths.get("jackknife_subjects", widths.get("jackknife", np.nan))
    return (clustered / independent) ** 2 if independent > 0 else np.nan
