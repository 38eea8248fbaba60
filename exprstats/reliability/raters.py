"""Statistics of single raters, and flags with stated rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_number
from exprstats.contracts import check_kind, require_columns
from exprstats.errors import OptionError, warn_user
from exprstats.options import check_count, is_positive
from exprstats.reliability.icc.checks import split_obstacles
from exprstats.reliability.icc.oneway import (
    add_moments,
    find_block,
    find_mean_squares,
    find_single,
    peel_ratings,
    sum_clips,
    sum_groups,
)
from exprstats.reliability.icc.panels import Panel, split_panels
from exprstats.results import Result

FAR = 3.0
# A mean difference is flagged among this many raters and from this share of the ratings' SD on:
# few raters, or raters who hardly differ, have no outer ones.
_ENOUGH, _APPRECIABLE = 5, 0.5
# Ratings that a rater must have given to be called turned round, the correlation with the others
# from which on, and how many standard errors of Fisher's z it must lie below 0.
_TURNED = (10, -0.5, 3.0)


@dataclass(frozen=True, slots=True, eq=False)
class Raters(Result):
    """What each rater did, and what the reliability is with and without those flagged.

    Attributes
    ----------
    table
        One row for each item and rater: n_ratings, severity, spread, n_values, mode_share,
        agreement, influence, ``flag`` (empty text where there is none).
    effect
        One row for each item: ICC(1,1) of all raters (``estimate``) and without those flagged
        (``estimate_without``), and how many were.
    rule
        The rule of the flags, in words.
    """

    place: ClassVar[str] = "raters"
    table: pd.DataFrame
    effect: pd.DataFrame
    rule: str

    def glance(self) -> pd.DataFrame:
        """Return one row: how many raters there are, and how many are flagged for any item."""
        flagged = self.table.loc[self.table["flag"] != "", "rater"]
        return pd.DataFrame(
            [{"n_raters": self.table["rater"].nunique(), "n_flagged": flagged.nunique()}]
        )

    def sentence(self) -> str:
        """Return who is flagged by which rule, and what it does to the reliability."""
        texts = []
        for row in self.effect.to_dict("records"):
            flagged, everyone = row["n_flagged"], row["n_raters"]
            counted = count_things(flagged, "raters is", "raters are", of=everyone)
            text = f"{row['item']}: {counted} flagged"
            if row["n_flagged"]:
                with_all, without = (
                    write_number(row[name], bounded=True)
                    for name in ("estimate", "estimate_without")
                )
                text += f"; ICC(1,1) is {with_all} with and {without} without them"
            texts.append(f"{text}.")
        return f"{' '.join(texts)} Rule: {self.rule}. No rating was removed."


def judge_raters(
    ratings: pd.DataFrame,
    *,
    items: Sequence[str] | str | None = None,
    least: int = 10,
    lowest: float = 0.1,
    mode: float = 0.95,
) -> Raters:
    """Describe each rater and flag those whose ratings carry little about the clips.

    Parameters
    ----------
    ratings
        RATINGS, all contexts together.
    items
        Items to look at; None takes all.
    least
        Ratings a rater must have given before any flag.
    lowest
        A correlation with the mean of the clips' other raters below this is flagged.
    mode
        A share of one value at or above this is flagged.

    Returns
    -------
    Raters
        A description for each item and rater; nothing is removed (`remove_raters` does that).

    Raises
    ------
    DataError
        If the table breaks its contract or has no reliability.
    OptionError
        If a threshold is out of range.

    Examples
    --------
    >>> from exprstats.simulate import simulate_expressiveness
    >>> ratings = simulate_expressiveness(subjects=20, contexts={"pain": 4}, seed=1).ratings
    >>> raters = judge_raters(ratings, items="response")
    >>> raters.table[["n_ratings", "agreement"]].notna().all().all().item()
    True
    """
    check_count(least, "least", least=3)
    if not (isinstance(lowest, Real) and -1 <= lowest < 1):
        message = f"lowest {lowest} is no correlation below 1; 0.1 is usual."
        raise OptionError(message)
    if not (is_positive(mode) and mode <= 1):
        message = f"mode {mode} is no share above 0; 0.95 is usual."
        raise OptionError(message)
    panels = split_panels(ratings, items=items, cluster=None)
    sound, reasons = split_obstacles(panels, "one-way")
    for place, reason in reasons.items():
        warn_user(f"item '{panels[place].item}': {reason} Its raters are not judged.")
    panels = sound
    tables = [_judge_panel(panel, ratings, (least, lowest, mode)) for panel in panels]
    effect = [_measure_effect(panel, table) for panel, table in zip(panels, tables, strict=True)]
    rule = (
        f"with {least} ratings or more, one value in at least {100 * mode:g}% of them, a "
        f"correlation with the other raters below {write_number(lowest, bounded=True)}, or, "
        f"among {_ENOUGH} raters or more, a mean difference from them beyond half an SD of the "
        f"ratings and {FAR:g} robust SDs of these differences"
    )
    return Raters(pd.concat(tables, ignore_index=True), pd.DataFrame(effect), rule)


def remove_raters(ratings: pd.DataFrame, raters: Raters) -> pd.DataFrame:
    """Return the ratings without those of raters flagged for the item; the index is kept.

    Parameters
    ----------
    ratings
        RATINGS, as given to `judge_raters`.
    raters
        Its result, whose flags name who is left out for which item.

    Returns
    -------
    pandas.DataFrame
        The rows that remain; report the reliability with and without them.

    Raises
    ------
    DataError
        If there are no columns of items and raters.

    Examples
    --------
    >>> from exprstats.simulate import simulate_expressiveness
    >>> ratings = simulate_expressiveness(subjects=20, contexts={"pain": 4}, seed=1).ratings
    >>> raters = judge_raters(ratings, lowest=0.6)
    >>> 0 < len(remove_raters(ratings, raters)) < len(ratings)
    True
    """
    require_columns(ratings, ["item", "rater"], "ratings")
    check_kind(raters, Raters, "raters", "judge_raters")
    flagged = raters.table.loc[raters.table["flag"] != "", ["item", "rater"]]
    pairs = pd.MultiIndex.from_frame(ratings[["item", "rater"]].astype(str))
    return ratings[~pairs.isin(pd.MultiIndex.from_frame(flagged.astype(str)))]


def _judge_panel(
    panel: Panel, ratings: pd.DataFrame, thresholds: tuple[int, float, float]
) -> pd.DataFrame:
    facts = measure_rater_facts(panel)
    first = np.zeros(len(facts["n_ratings"]), dtype=np.int64)
    first[panel.rater[::-1]] = panel.rows[::-1]
    table = pd.DataFrame(dict(facts))
    table.insert(0, "rater", ratings["rater"].iloc[first].to_numpy())
    table.insert(0, "item", panel.item)
    spread = float(panel.rating.std())
    return table.assign(flag=_write_flags(table, spread, *thresholds))


def warn_turned(ratings: pd.DataFrame, panels: Sequence[Panel]) -> None:
    """Warn of raters whose ratings run against those of the others, as on a scale reversed.

    The caller's table gives the ids; panels are one an item.
    """
    least, highest, errors = _TURNED
    # Of two raters nobody can say who turned the scale.
    for panel in [panel for panel in panels if panel.n_raters > 2]:
        seen, others = average_others(panel.rating, panel.clip)
        who, own = panel.rater[seen], panel.rating[seen]
        count = np.bincount(who, minlength=panel.n_raters)
        # Nearly always nobody does, which their products about the common means show.
        dx, dy = own - own.mean(), others - others.mean()
        x, y, xy = (np.bincount(who, part, panel.n_raters) for part in (dx, dy, dx * dy))
        if not (xy * count - x * y < 0)[count >= least].any():
            continue
        r = _compare(own, others, who, panel.n_raters)[1]
        z = np.arctanh(np.clip(r, -0.999999, 0.999999)) * np.sqrt(np.maximum(count - 3, 0))
        against = np.flatnonzero((count >= least) & (r <= highest) & (z < -errors))
        # Where half of them rate against the others, raters disagree and nobody turned the scale.
        for rater in against if len(against) < panel.n_raters / 2 else ():
            name = ratings["rater"].iloc[panel.rows[panel.rater == rater][0]]
            warn_user(
                f"item '{panel.item}': rater '{name}' rates against the others (r = "
                f"{write_number(r[rater], bounded=True)} over {count[rater]:,} clips). If this "
                "person used the scale upside down, reverse the ratings (highest + lowest - "
                "rating); nothing was changed."
            )


def _write_flags(
    table: pd.DataFrame, spread: float, least: int, lowest: float, mode: float
) -> list[str]:
    away = table["severity"] - table["severity"].median()
    # 1.4826 makes the median absolute deviation the SD of a normal distribution. Where most
    # raters are equally severe it is 0, and what rounding leaves must not count as far.
    far = max(FAR * 1.4826 * away.abs().median(), 1e-9 * away.abs().max(), _APPRECIABLE * spread)
    far = far if len(table) >= _ENOUGH else np.inf
    marks = {
        "one value": table["mode_share"] >= mode,
        "disagrees": table["agreement"] < lowest,
        "severe": away < -far,
        "lenient": away > far,
    }
    enough = table["n_ratings"] >= least
    return [
        ", ".join(name for name, mark in marks.items() if mark.iloc[row] and enough.iloc[row])
        for row in range(len(table))
    ]


def _measure_effect(panel: Panel, table: pd.DataFrame) -> dict[str, Any]:
    kept = (table["flag"] == "").to_numpy()[panel.rater]
    return {
        "item": panel.item,
        "n_raters": len(table),
        "n_flagged": int((table["flag"] != "").sum()),
        "n_ratings_flagged": int((~kept).sum()),
        "estimate": _measure(panel.rating, panel.clip),
        "estimate_without": _measure(panel.rating[kept], panel.clip[kept]),
    }


def _measure(rating: np.ndarray, clip: np.ndarray) -> float:
    if rating.size == 0:
        return float("nan")
    _, codes = np.unique(clip, return_inverse=True)
    return float(find_single(find_mean_squares(add_moments(sum_clips(rating, codes)))))


def measure_rater_facts(panel: Panel) -> Mapping[str, np.ndarray]:
    """Return one array (W,) for each fact about a panel's raters; NaN where it needs more ratings.

    ``n_ratings``; ``severity``, the mean of a rating less that of the clip's other raters (scale
    points); ``spread``, the SD of the ratings over that of the other raters' mean on the same
    clips; ``n_values``; ``mode_share``, the share of the value used most; ``agreement``, the
    correlation with the other raters' mean; ``influence``, ICC(1,1) of all less ICC(1,1) without
    the rater.
    """
    y, clip, rater = panel.rating, panel.clip, panel.rater
    size = panel.n_raters
    seen, others = average_others(y, clip)
    who, own = rater[seen], y[seen]
    spread, agreement = _compare(own, others, who, size)
    mode_share, n_values = _use_scale(y, rater, size)
    return {
        "n_ratings": np.bincount(rater, minlength=size),
        "severity": _average(own - others, who, size),
        "spread": spread,
        "n_values": n_values,
        "mode_share": mode_share,
        "agreement": agreement,
        "influence": _find_influence(panel, size),
    }


def average_others(rating: np.ndarray, clip: np.ndarray) -> tuple[slice | np.ndarray, np.ndarray]:
    """Return which ratings (N,) have others of the same clip, and the means of those others."""
    shift = rating.mean()
    away = rating - shift
    each = find_block(clip)
    if each > 1:
        rows = away.reshape(-1, each)
        others = (rows @ np.ones(each))[:, None] - rows
        others *= 1 / (each - 1)
        others += shift
        return slice(None), others.ravel()
    counts = np.bincount(clip)
    others = (np.bincount(clip, away)[clip] - away) / np.maximum(counts - 1, 1)[clip] + shift
    if counts.min() > 1:
        return slice(None), others
    seen = (counts > 1)[clip]
    return seen, others[seen]


def _find_influence(panel: Panel, size: int) -> np.ndarray:
    sums = sum_clips(panel.rating, panel.clip)
    whole = add_moments(sums)
    gone = sum_groups(peel_ratings(panel.rating, panel.clip, sums), panel.rater, size)
    return find_single(find_mean_squares(whole)) - find_single(find_mean_squares(whole - gone))


def _average(values: np.ndarray, group: np.ndarray, size: int) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.bincount(group, values, size) / np.bincount(group, minlength=size)


def _compare(
    own: np.ndarray, others: np.ndarray, group: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ratio of SDs and the correlation of own ratings and the others' means."""
    x, y = (part - _average(part, group, size)[group] for part in (own, others))
    xx, yy, xy = (np.bincount(group, product, size) for product in (x * x, y * y, x * y))
    enough = (np.bincount(group, minlength=size) > 2) & (
        yy > 1e-12 * max(yy.max(initial=0), 1e-300)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(enough, np.sqrt(xx / yy), np.nan)
        vary = enough & (xx > 1e-12 * yy)
        return ratio, np.where(vary, xy / np.sqrt(xx * yy), np.nan)


def _use_scale(values: np.ndarray, group: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of the value each rater uses most, and how many values they use."""
    levels, code = np.unique(values, return_inverse=True)
    place, counts = np.unique(group * len(levels) + code, return_counts=True)
    most = np.zeros(size)
    np.maximum.at(most, place // len(levels), counts)
    return most / np.bincount(group, minlength=size), np.bincount(
        place // len(levels), minlength=size
    )
