"""Splits of videos into parts, and the check that parts have the same distribution of labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, tell_p
from exprstats.contracts import find_absent
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.events.evoked.labels import measure_labels, write_points
from exprstats.events.evoked.tables import code_names
from exprstats.parallel import Seed, open_generator
from exprstats.results import Result

PAPER = {"train": 0.60, "validate": 0.15, "test": 0.25}  # Sun et al. (2020), section 4
_NOUNS = {"train": "training", "validate": "validation", "test": "testing"}


@dataclass(frozen=True, slots=True, eq=False)
class VideoSplit(Result):
    """Parts of the videos, and whether expressions are distributed alike in them.

    Attributes
    ----------
    table
        Rows by ``part``, ``expression`` and ``term``: ``share`` of the moments, ``cardinality``,
        and ``share_difference`` from all other parts with p, and Holm's over parts and expressions.
    parts
        ``video`` and ``part``.
    mixed
        Videos that stand in more than one part.
    level
        Confidence level.
    """

    place: ClassVar[str] = "evoked_split"
    table: pd.DataFrame
    parts: pd.DataFrame
    mixed: tuple[str, ...]
    level: float

    def glance(self) -> pd.DataFrame:
        """Return one row: videos of each part, and the smallest adjusted p."""
        counts = self.parts["part"].value_counts(sort=False)
        row = {f"n_{name}": int(count) for name, count in counts.items()}
        return pd.DataFrame([row | {"p_adjusted": self._find_least()}])

    def _find_least(self) -> float:
        return float(self.table["p_adjusted"].min()) if "p_adjusted" in self.table else np.nan

    def sentence(self) -> str:
        """Return the sizes of parts, and the clearest difference between them, in APA style."""
        counts = self.parts["part"].value_counts(sort=False)
        told = ", ".join(f"{count:,} {_tell_part(name)}" for name, count in counts.items())
        start = f"{count_things(self.parts['video'].nunique(), 'video')}: {told}."
        if self.mixed:
            counted = count_things(len(self.mixed), "video stands", "videos stand")
            start += f" {counted} in more than one part, such as '{self.mixed[0]}'."
        least = self._find_least()
        if np.isnan(least):
            return f"{start} Their labels could not be compared."
        row = self.table.sort_values("p_adjusted", kind="stable").iloc[0]
        where = _tell_part(row["part"], "in the videos ")
        differ = "differs" if least < round(1 - self.level, 9) else "does not differ beyond chance"
        return (
            f"{start} The distribution of labels {differ} between parts; clearest: "
            f"{row['expression']} {where}, {write_points(row['estimate'])} percentage "
            f"points from the others, adjusted p {tell_p(row['p_adjusted'])}."
        )


def _tell_part(part: Any, start: str = "") -> str:
    """Return for what a part of ours is, or where a part of the data's own is."""
    return f"{start}for {_NOUNS[part]}" if part in _NOUNS else f"in {part}"


def split_videos(
    table: pd.DataFrame,
    *,
    shares: Mapping[str, float] | None = None,
    part: str | None = None,
    expressions: Iterable[str] | None = None,
    threshold: float = 0.5,
    level: float = 0.95,
    seed: Seed = None,
) -> VideoSplit:
    """Deal whole videos into parts, or take parts that there are, and check their distributions.

    Parameters
    ----------
    table
        EVOKED labels.
    shares
        Part to its share of the videos; None: 60, 15 and 25% for train, validate and test.
    part
        Column of parts that there are already, which are checked and not dealt.
    expressions, threshold, level
        As in `measure_labels`.
    seed
        Of the dealing.

    Returns
    -------
    VideoSplit
        All moments of a video are in one part. Shares of expressions in each part are compared with
        those in all others, with intervals over videos.

    Raises
    ------
    DataError
        If there are fewer videos than parts, or no such column.
    OptionError
        If shares do not add up to 1.

    References
    ----------
    Sun, J. J., Liu, T., Cowen, A. S., Schroff, F., Adam, H., & Prasad, G. (2020). *EEV
    dataset: Predicting expressions evoked by diverse videos*. arXiv:2001.05488.

    Examples
    --------
    >>> table = pd.DataFrame({"video": np.repeat(np.arange(20), 5), "joy": [0, 1, 0, 0, 1] * 20})
    >>> split_videos(table, seed=1).parts["part"].value_counts().to_dict()
    {'train': 12, 'test': 5, 'validate': 3}
    """
    problems = find_absent(table, ["video", part], "evoked")
    if problems:
        raise DataError(problems)
    codes, videos = code_names(table["video"])
    if part is None:
        parts = _deal_videos(videos, PAPER if shares is None else shares, seed)
        mixed: tuple[str, ...] = ()
    else:
        named = pd.DataFrame({"video": videos[codes], "part": table[part].astype(object)})
        parts = named.dropna().drop_duplicates().sort_values(["part", "video"], kind="stable")
        parts = parts.astype(str).reset_index(drop=True)
        twice = parts.loc[parts["video"].duplicated(), "video"]
        mixed = tuple(twice.drop_duplicates())
    groups = parts.rename(columns={"part": "group"})
    options = {"expressions": expressions, "threshold": threshold, "level": level}
    found = measure_labels(table, by=groups if part is None else part, **options).table
    kept = found[
        found["group"].notna() & found["term"].isin(["share", "cardinality", "share_difference"])
    ]
    order = list(dict.fromkeys(parts["part"]))
    kept = kept.assign(_at=kept["group"].map(order.index)).sort_values("_at", kind="stable")
    kept = kept.drop(columns=["_at", "versus"], errors="ignore").rename(columns={"group": "part"})
    return VideoSplit(kept.reset_index(drop=True), parts, mixed, level)


def _deal_videos(videos: np.ndarray, shares: Mapping[str, float], seed: Seed) -> pd.DataFrame:
    """Return parts of videos in random order, sizes by the largest remainders."""
    values = np.array([float(one) for one in shares.values()])
    if len(values) < 2 or (values <= 0).any() or abs(values.sum() - 1) > 1e-9:
        message = f" are {dict(shares)}; two or more shares above 0 must add up to 1."
        raise OptionError(Option("shares"), message)
    if len(videos) < len(values):
        fact = f"there are {len(videos)} videos for {len(values)} parts."
        raise DataError(Problem(fact, "Add videos, or take fewer parts."))
    wanted = values * len(videos)
    sizes = np.floor(wanted + 1e-9).astype(int)
    rest = np.argsort(-(wanted - sizes), kind="stable")[: len(videos) - sizes.sum()]
    sizes[rest] += 1
    dealt = open_generator(seed).permutation(len(videos))
    names = np.repeat(np.array(list(shares), dtype=object), sizes)
    parts = pd.DataFrame({"video": videos[dealt], "part": names})
    order = parts["part"].map(list(shares).index)
    return (
        parts.assign(_at=order)
        .sort_values(["_at", "video"])
        .drop(columns="_at")
        .reset_index(drop=True)
    )
