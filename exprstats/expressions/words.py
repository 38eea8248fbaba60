"""Words of expression scores: adverbs by bins of a score, adjectives by the emotion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from exprstats.errors import OptionError
from exprstats.options import Thresholds, check_word, name_nearest

# Adverbs and lower bounds of the program that Brooks et al. (2023) published with their paper
# (HumeAI/expressive-prompt-engineering, RANGE_ADVERBS and EMOTION_RANGES in configs.py), read in a
# public copy of it: .26 to .35, .35 to .44, .44 to .53, .53 to .62, .62 to .71, and .71 to 10. Its
# bins are open on both sides, so that a score on a bound has no adverb; here a bin holds its lower
# bound. The paper prints no table. Of its two examples .84, "extremely", agrees with the program,
# and .34, "quite", does not: the program says "slightly".
PUBLISHED: dict[str, float] = {
    **{"slightly": 0.26, "somewhat": 0.35, "moderately": 0.44},
    **{"quite": 0.53, "very": 0.62, "extremely": 0.71},
}
# Shares of a modality's scores below each bound, where bounds follow its own distribution.
QUANTILES: dict[str, float] = {
    **{"slightly": 0.75, "somewhat": 0.80, "moderately": 0.85},
    **{"quite": 0.90, "very": 0.95, "extremely": 0.99},
}
_PAIRS = """
Admiration:admiring Adoration:adoring Aesthetic_Appreciation:appreciative Amusement:amused
Anger:angry Annoyance:annoyed Anxiety:anxious Awe:awestruck Awkwardness:awkward Boredom:bored
Calmness:calm Concentration:concentrated Confusion:confused Contemplation:contemplative
Contempt:contemptuous Contentment:content Craving:craving Desire:desirous
Determination:determined Disappointment:disappointed Disapproval:disapproving Disgust:disgusted
Distress:distressed Doubt:doubtful Ecstasy:ecstatic Embarrassment:embarrassed
Empathic_Pain:pained_for_others Enthusiasm:enthusiastic Entrancement:entranced Envy:envious
Excitement:excited Fear:fearful Gratitude:grateful Guilt:guilty Horror:horrified
Interest:interested Joy:joyful Love:loving Nostalgia:nostalgic Pain:pained Pride:proud
Realization:struck_by_a_realization Relief:relieved Romance:romantic Sadness:sad Sarcasm:sarcastic
Satisfaction:satisfied Shame:ashamed Surprise_(negative):unpleasantly_surprised
Surprise_(positive):pleasantly_surprised Sympathy:sympathetic Tiredness:tired Triumph:triumphant
Neutral:neutral Happiness:happy Surprise:surprised Sad:sad Happy:happy Engagement:engaged
"""
ADJECTIVES: dict[str, str] = {
    name.replace("_", " "): word.replace("_", " ")
    for name, _, word in (pair.partition(":") for pair in _PAIRS.split())
}
# Where the published program has another word. The paper itself calls joy "joyful".
_PROGRAM = """
Awkwardness:uncomfortable Concentration:focused Craving:hungry Ecstasy:euphoric
Empathic_Pain:disturbed Joy:happy Love:enamored Realization:inspired Romance:smitten
Surprise_(negative):negatively_surprised Surprise_(positive):positively_surprised
"""
PROGRAM: dict[str, str] = {
    name.replace("_", " "): word.replace("_", " ")
    for name, _, word in (pair.partition(":") for pair in _PROGRAM.split())
}
NEUTRAL = "neutral"


def list_adjectives() -> pd.DataFrame:
    """Return the table of adjectives: emotion, adjective, and the published program's word.

    Returns
    -------
    pandas.DataFrame
        One row an emotion. Edit the column ``adjective`` and pass the table to `write_sentences`.

    Examples
    --------
    >>> list_adjectives().query("emotion == 'Joy'").to_numpy().tolist()
    [['Joy', 'joyful', 'happy']]
    """
    rows = [(name, word, PROGRAM.get(name, word)) for name, word in ADJECTIVES.items()]
    return pd.DataFrame(rows, columns=["emotion", "adjective", "published"])


def settle_adjectives(given: Mapping[str, str] | pd.DataFrame | None) -> dict[str, str]:
    """Return all adjectives by emotion: the given ones beside and instead of our own."""
    if given is None:
        return ADJECTIVES
    if isinstance(given, pd.DataFrame):
        _require(given, ("emotion", "adjective"), "adjectives")
        kept = given[given["adjective"].notna() & given["adjective"].astype(str).ne("")]
        twice = kept["emotion"].astype(str).str.casefold().duplicated()
        if twice.any():
            message = f"adjectives name '{kept['emotion'][twice].iloc[0]}' twice; name it once."
            raise OptionError(message, option="adjectives")
        given = dict(zip(kept["emotion"].astype(str), kept["adjective"].astype(str), strict=True))
    own = {name.casefold() for name in given}
    kept_ours = {name: word for name, word in ADJECTIVES.items() if name.casefold() not in own}
    return kept_ours | dict(given)


def find_adjective(emotion: str, adjectives: dict[str, str]) -> str:
    """Return the adjective of an emotion: the given one, whatever its case, or its own name.

    Examples
    --------
    >>> find_adjective("joy", ADJECTIVES), find_adjective("Smugness", {})
    ('joyful', 'full of smugness')
    """
    known = {name.casefold(): word for name, word in adjectives.items()}
    found = known.get(emotion.casefold())
    return found if found is not None else f"full of {emotion.lower()}"


def list_cuts(cuts: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Return bins as a table: modality, adverb, low (held) and high (not held; last: none).

    Examples
    --------
    >>> list_cuts({"face": {"slightly": 0.2, "very": 0.6}})["high"].tolist()
    [0.6, nan]
    """
    rows = []
    for modality, bounds in cuts.items():
        ordered = sorted(bounds.items(), key=lambda pair: pair[1])
        ends = [low for _, low in ordered[1:]] + [float("nan")]
        for (adverb, low), high in zip(ordered, ends, strict=True):
            rows.append({"modality": modality, "adverb": adverb, "low": low, "high": high})
    return pd.DataFrame(rows, columns=["modality", "adverb", "low", "high"])


def settle_cuts(
    scores: Mapping[str, np.ndarray], thresholds: Thresholds | Mapping[str, Any] | pd.DataFrame
) -> dict[str, dict[str, float]]:
    """Return the lower bound of each adverb by modality, as `write_sentences` takes them.

    Quantiles are taken from all scores (n,) of each modality.
    """
    if isinstance(thresholds, pd.DataFrame):
        return _read_cuts(scores, thresholds)
    if isinstance(thresholds, str):
        check_word(thresholds, Thresholds, "thresholds")
        if thresholds == "published":
            return {name: dict(PUBLISHED) for name in scores}
        return {name: _take_quantiles(own, QUANTILES) for name, own in scores.items()}
    nested = any(isinstance(one, Mapping) for one in thresholds.values())
    given = {name: thresholds.get(name) if nested else thresholds for name in scores}
    return {name: _check_bounds(name, bounds) for name, bounds in given.items()}


def _check_bounds(name: str, bounds: Any) -> dict[str, float]:
    numbers = list(bounds.values()) if isinstance(bounds, Mapping) else []
    fits = numbers and all(isinstance(one, int | float) for one in numbers)
    if not fits or len(set(numbers)) < len(numbers) or not np.isfinite(numbers).all():
        message = (
            f"thresholds of '{name}' must be a lower bound for each adverb, all different, "
            f"such as {dict(list(PUBLISHED.items())[:2])}."
        )
        raise OptionError(message, option="thresholds")
    return {str(adverb): float(low) for adverb, low in bounds.items()}


def _take_quantiles(scores: np.ndarray, shares: Mapping[str, float]) -> dict[str, float]:
    bounds = np.quantile(scores, list(shares.values()))
    return dict(zip(shares, bounds.tolist(), strict=True))


def _read_cuts(
    scores: Mapping[str, np.ndarray], table: pd.DataFrame
) -> dict[str, dict[str, float]]:
    """Return the bounds of a table: adverb and low, or share for quantiles, and maybe modality."""
    column = "low" if "low" in table else "share"
    if column not in table:
        message = (
            "a table of thresholds needs the column 'low' (lower bounds) or 'share' (shares of "
            f"the scores below); there is: {', '.join(map(str, table.columns))}."
        )
        raise OptionError(message, option="thresholds")
    _require(table, ("adverb",), "thresholds")
    numbers = pd.to_numeric(table[column], errors="coerce")
    whole = table.assign(**{column: numbers}, adverb=table["adverb"].astype(str))
    found = {}
    for name, own in scores.items():
        part = whole[whole["modality"].astype(str).eq(name)] if "modality" in whole else whole
        if part["adverb"].duplicated().any():
            twice = part["adverb"][part["adverb"].duplicated()].iloc[0]
            message = f"thresholds of '{name}' name '{twice}' twice; name it once."
            raise OptionError(message, option="thresholds")
        bounds = dict(zip(part["adverb"], part[column].tolist(), strict=True))
        if column == "share":
            if not bounds or not all(0 <= one <= 1 for one in bounds.values()):
                message = f"shares of '{name}' must be numbers from 0 to 1, one for each adverb."
                raise OptionError(message, option="thresholds")
            bounds = _take_quantiles(own, bounds)
        found[name] = _check_bounds(name, bounds)
    return found


def _require(table: pd.DataFrame, names: tuple[str, ...], option: str) -> None:
    absent = [name for name in names if name not in table]
    if absent:
        message = (
            f"a table of {option} needs the column '{absent[0]}'. "
            f"{name_nearest(absent[0], map(str, table.columns))}"
        )
        raise OptionError(message, option=option)
