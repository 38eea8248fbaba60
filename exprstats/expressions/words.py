"""Words of expression scores: adverbs by bins of a score, adjectives by the emotion."""

from __future__ import annotations

import pandas as pd

# Lower bounds of the adverbs in Hume's published program. There a score on a bound has no adverb;
# here each bin holds its lower bound. The paper's own example calls .34 "quite".
# The lowest two bounds and the highest are confirmed; the inner ones (.44, .53, .62) and their
# adverbs were not checked against the program.
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
Happiness:happy Surprise:surprised Sad:sad Happy:happy Engagement:engaged
"""
ADJECTIVES: dict[str, str] = {
    name.replace("_", " "): word.replace("_", " ")
    for name, _, word in (pair.partition(":") for pair in _PAIRS.split())
}
NEUTRAL = "neutral"


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
    """Return bins as a table: modality, adverb, low (held) and high (not held).

    Examples
    --------
    >>> list_cuts({"face": {"slightly": 0.2, "very": 0.6}})["high"].tolist()
    [0.6, inf]
    """
    rows = []
    for modality, bounds in cuts.items():
        ordered = sorted(bounds.items(), key=lambda pair: pair[1])
        ends = [low for _, low in ordered[1:]] + [float("inf")]
        for (adverb, low), high in zip(ordered, ends, strict=True):
            rows.append({"modality": modality, "adverb": adverb, "low": low, "high": high})
    return pd.DataFrame(rows, columns=["modality", "adverb", "low", "high"])
