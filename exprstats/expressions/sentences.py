"""Sentences from expression scores (language-based emotional expression descriptions, LEED)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_count, write_number
from exprstats.contracts import check_table
from exprstats.document.text import join_words
from exprstats.errors import warn_user
from exprstats.expressions.estimates import ESTIMATES
from exprstats.expressions.words import (
    ADJECTIVES,
    NEUTRAL,
    find_adjective,
    list_cuts,
    settle_adjectives,
    settle_cuts,
)
from exprstats.options import SentenceUnit, Thresholds, check_count, check_word, name_some
from exprstats.results import Result

_STRAY = 0.01  # share of scores beyond 0 and 1 that may be called a matter of rounding
_VERBS = {"prosody": "sound", "burst": "sound", "language": "sound", "voice": "sound"}


@dataclass(frozen=True, slots=True, eq=False)
class Sentences(Result):
    """Sentences made of expression scores; `write_sentences` makes it.

    Attributes
    ----------
    table
        One row a modality: ``term`` ``share_neutral``, ``estimate``, ``n_neutral``, ``n_clips``
        (sentences), ``highest`` (the highest score), ``lowest_bound``, and ``thresholds``:
        ``"published"``, ``"quantile"`` or ``"given"``.
    sentences
        One row a sentence: its keys, ``sentence`` and ``neutral``.
    cuts
        The bins: modality, adverb, low (held) and high (not held; the last bin has none).
    thresholds
        What was asked for: ``"published"``, ``"quantile"`` or ``"given"``.
    """

    place: ClassVar[str] = "leed"
    table: pd.DataFrame
    sentences: pd.DataFrame
    cuts: pd.DataFrame
    thresholds: str

    def export(self) -> dict[str, Any]:
        """Return the shares of neutral sentences, the bins, and the sentences."""
        named = {"leed": self.tidy(), "leed_adverbs": self.cuts}
        return named | {"leed_sentences": self.sentences}

    def glance(self) -> pd.DataFrame:
        """Return one row: how many sentences, and how many of them say neutral."""
        neutral = int(self.sentences["neutral"].sum())
        return pd.DataFrame([{"sentences": len(self.sentences), "neutral": neutral}])

    def sentence(self) -> str:
        """Return the share of sentences that say nothing but neutral, by modality."""
        return " ".join(_tell_neutral(row) for row in self.table.to_dict("records"))


def _tell_neutral(row: dict[Any, Any]) -> str:
    kinds = {"published": "the published", "quantile": "quantile", "given": "the given"}
    told = kinds[row["thresholds"]]
    count, of = int(row["n_neutral"]), int(row["n_clips"])
    said = "is" if count == 1 else "are"
    counted = f"{write_count(count)} of {count_things(of, 'sentence')}"
    share = write_number(100 * row["estimate"], 0)
    text = f"By {told} thresholds {counted} ({share}%) on {row['modality']} {said} neutral"
    if count < of:
        return f"{text}."
    highest = write_number(row["highest"], bounded=True)
    return f"{text}: no score reaches the lowest bound (the highest is {highest})."


def write_sentences(
    estimates: pd.DataFrame,
    *,
    unit: SentenceUnit = "mean",
    thresholds: Thresholds | Mapping[str, Any] | pd.DataFrame = "published",
    adjectives: Mapping[str, str] | pd.DataFrame | None = None,
    most: int | None = None,
) -> Sentences:
    """Write each person's expression as a sentence: scores to adverbs, emotions to adjectives.

    Parameters
    ----------
    estimates
        ESTIMATES, from `read_estimates`. Texts of voice and words are quoted in the sentence.
    unit
        ``"mean"``: one sentence for the mean scores of each face over its recording, and for each
        segment of speech; ``"frame"``: one for each moment of each modality.
    thresholds
        ``"published"``: lower bounds .26 to .71 (made for scores of faces), and quantiles for a
        modality whose scores do not run from 0 to 1; ``"quantile"``: bounds at the .75 to .99
        quantiles of each modality's own scores; a mapping of adverb to lower
        bound, or of modality to such a mapping; or a table with ``adverb`` and ``low`` (bounds) or
        ``share`` (quantiles), and ``modality`` where these differ. A bin holds its lower bound and
        not its upper one.
    adjectives
        Adjectives of emotions, beside and instead of our own: a mapping, or the table of
        `list_adjectives` as edited.
    most
        Emotions in a sentence, the highest first; by default all that reach a bound, as published.

    Returns
    -------
    Sentences
        With the share of sentences that are neutral because no score reaches a bound.

    Raises
    ------
    DataError
        If the estimates break their contract.
    OptionError
        If a bound is no number, two adverbs share one, or a modality has none.

    Warns
    -----
    DataWarning
        Where the published bounds cannot apply, because scores do not run from 0 to 1, and
        quantiles are taken.

    References
    ----------
    Brooks, J. A., et al. (2023). Emotion expression estimates to measure and improve multimodal
    social-affective interactions. *ICMI '23 Companion*. https://doi.org/10.1145/3610661.3616129

    Examples
    --------
    >>> scores = pd.DataFrame({"id": "a", "modality": "face", "time": 0.0, "emotion": ["Joy"]})
    >>> write_sentences(scores.assign(score=0.84)).sentences["sentence"].item()
    'They look extremely joyful.'
    """
    check_table(estimates, ESTIMATES)
    check_word(unit, SentenceUnit, "unit")
    if most is not None:
        check_count(most, "most")
    table = _average_units(estimates, unit)
    modalities = [str(one) for one in estimates["modality"].unique()]
    scores = {
        name: estimates.loc[estimates["modality"].eq(name), "score"].to_numpy(float)
        for name in modalities
    }
    kinds: dict[str, str] = dict.fromkeys(modalities, "given")
    cuts = settle_cuts(scores, thresholds)
    if isinstance(thresholds, str):
        kinds = dict.fromkeys(modalities, str(thresholds))
        unfit = _find_unfit(scores) if thresholds == "published" else {}
        kinds |= dict.fromkeys(unfit, "quantile")
        cuts |= settle_cuts(unfit, "quantile")
    words = settle_adjectives(adjectives)
    _tell_idle(adjectives, estimates)
    parts = [
        _write_all(table[table["modality"].eq(name)], cuts[name], words, most)
        for name in modalities
    ]
    sentences = pd.concat(parts, ignore_index=True)
    counted = []
    for modality, part in sentences.groupby("modality", sort=False):
        neutral = int(part["neutral"].sum())
        counted.append(
            {
                "modality": modality,
                "term": "share_neutral",
                "estimate": neutral / len(part),
                "n_neutral": neutral,
                "n_clips": len(part),
                "highest": float(table.loc[table["modality"].eq(modality), "score"].max()),
                "lowest_bound": min(cuts[str(modality)].values()),
                "thresholds": kinds[str(modality)],
            }
        )
    asked = thresholds if isinstance(thresholds, str) else "given"
    return Sentences(pd.DataFrame(counted), sentences, list_cuts(cuts), asked)


def _tell_idle(adjectives: object, estimates: pd.DataFrame) -> None:
    """Name the emotions of a table of adjectives that neither scores nor the usual table have."""
    if not isinstance(adjectives, pd.DataFrame) or "emotion" not in adjectives:
        return
    usual = {name.casefold() for name in ADJECTIVES}
    known = {str(name).casefold() for name in estimates["emotion"].unique()} | usual
    idle = [str(one) for one in adjectives["emotion"] if str(one).casefold() not in known]
    if idle:
        warn_user(f"The table of adjectives names emotions that no score has: {name_some(idle)}.")


def _find_unfit(scores: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the modalities to whose scores the published bounds cannot apply, and say so."""
    found = {}
    for name, own in scores.items():
        if np.mean((own < 0) | (own > 1)) > _STRAY:
            found[name] = own
            warn_user(
                f"Scores on {name} run from {own.min():g} to {own.max():g}, and the published "
                "bounds of adverbs are for scores from 0 to 1. Quantiles of the scores are taken "
                f"for {name}."
            )
    return found


def _average_units(estimates: pd.DataFrame, unit: SentenceUnit) -> pd.DataFrame:
    """Return scores by unit and emotion: segments of speech stay, faces are averaged over time."""
    named = ("context", "recording", "subject", "label", "id", "modality")
    keys = [name for name in named if name in estimates]
    spoken = estimates["end"].notna() if "end" in estimates else pd.Series(False, estimates.index)
    kept = estimates["time"].where(spoken | (unit == "frame"))
    table = estimates.assign(time=kept)
    if "text" not in table:
        table = table.assign(text=None)
    keys = [*keys, "time", "text", "emotion"]
    return table.groupby(keys, sort=False, dropna=False)["score"].mean().reset_index()


def _write_all(
    table: pd.DataFrame, cuts: dict[str, float], words: dict[str, str], most: int | None
) -> pd.DataFrame:
    """Return the keys of each unit of one modality with its sentence."""
    keys = [str(name) for name in table if name not in {"emotion", "score"}]
    codes = table.groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    emotions = sorted(map(str, table["emotion"].unique()))
    columns = pd.Index(emotions).get_indexer(pd.Index(table["emotion"].astype(str)))
    scores = np.full((codes.max() + 1, len(emotions)), -np.inf)
    scores[codes, columns] = table["score"].to_numpy(float)
    bounds = sorted(cuts.items(), key=lambda pair: pair[1])
    lows = np.array([low for _, low in bounds])
    # A mean of equal scores may miss its bound by one rounding.
    places = np.searchsorted(lows, scores + 1e-12, side="right") - 1
    order = np.argsort(-scores, axis=1, kind="stable")
    adjectives = [find_adjective(name, words) for name in emotions]
    held = table[keys].assign(_unit=codes).drop_duplicates("_unit").drop(columns="_unit")
    verb = _VERBS.get(str(table["modality"].iloc[0]).split(" ")[0], "look")
    written, neutral = [], []
    for unit, text in enumerate(held["text"]):
        shown = [place for place in order[unit] if places[unit, place] >= 0][:most]
        told = [f"{bounds[places[unit, place]][0]} {adjectives[place]}" for place in shown]
        described = join_words(told) if told else NEUTRAL
        spoken = isinstance(text, str) and bool(text.strip())
        start = f"They said “{text.strip()}” and {verb}" if spoken else f"They {verb}"
        written.append(f"{start} {described}.")
        neutral.append(not told)
    return held.reset_index(drop=True).assign(sentence=written, neutral=neutral)
