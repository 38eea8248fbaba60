"""Parts of the methods paragraph on tests and refits beyond the main path."""

from __future__ import annotations

from typing import Any

from exprstats.numerals import write_level
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, count_things, say

Told = tuple[list[Text], set[str]]


def tell_nesting(pieces: Pieces) -> Told:
    """Return how equal contexts and equal items were tested."""
    texts: list[Text] = []
    cited: set[str] = set()
    if pieces.invariance is not None:
        jackknife = bool(pieces.invariance.steps["method_change"].eq("jackknife").any())
        texts.append(
            say(
                "Configural, metric, scalar, and strict invariance across contexts were tested in "
                "turn (Meredith, 1993){how}.",
                how=", the restrictions by a jackknife over subjects, who appear in several "
                "contexts"
                if jackknife
                else "",
            )
        )
        cited.add("meredith")
    if pieces.restrictions is not None:
        scaled = "n_clusters" in pieces.restrictions.steps
        texts.append(
            say(
                "Equality of the items' loadings, and of their residual variances too, was tested "
                "by differences of {tests}.",
                tests="scaled χ² that allow for clusters (Satorra & Bentler, 2001)"
                if scaled
                else "χ²",
            )
        )
        cited |= {"satorra"} if scaled else set()
    if pieces.resampled is not None:
        texts.append(
            say(
                "Intervals and tests of loadings that allow for clusters come from {draws} "
                "resamples of whole clusters.",
                draws=f"{pieces.resampled.draws:,}",
            )
        )
    return texts, cited


def tell_forest(models: Any, pieces: Pieces) -> Told:
    """Return how a random forest was tuned."""
    text = say(
        "A random forest (Breiman, 2001) predicted {target} from {features}; the share of "
        "features tried at a split and the least number of clips in a leaf were those with the "
        "{error} on the validation subjects.",
        target=pieces.target,
        features=_tell_features(models, pieces),
        error="lowest share of wrong classes"
        if models.design.classes
        else "lowest root mean square error",
    )
    return [text], {"breiman"}


def _tell_features(models: Any, pieces: Pieces) -> str:
    """Return what a model predicts from; a model told before has named it."""
    if next(iter(pieces.models.values()), models) is not models:
        return "the same features"
    features = len(models.design.features)
    contexts = any(sample.context is not None for sample in models.design.samples)
    where = ", for each context and for all contexts together" if contexts else ""
    return f"{count_things(features, 'feature')}{where}"


def tell_human(pieces: Pieces) -> Told:
    """Return what the human baseline is, where the study has one."""
    if pieces.find_kind("human") is None:
        return [], set()
    text = say(
        "The human baseline let each rater's answers, weighted by the standardized loadings, "
        "summed, and standardized, predict the mean of the other raters of the same clip, and "
        "averaged the metrics over raters."
    )
    return [text], set()


def tell_resampling(pieces: Pieces) -> Told:
    """Return where the intervals of weights and of their contrasts come from."""
    texts: list[Text] = []
    cited: set[str] = set()
    if pieces.weights is not None:
        texts.append(
            say(
                "{level} percentile intervals of the weights come from {refits} to resampled "
                "training and validation subjects, the penalty tuned anew in each.",
                level=write_level(pieces.weights.level),
                refits=count_things(pieces.weights.glance()["draws"].iloc[0], "refit"),
            )
        )
    if pieces.contrasts is not None:
        texts.append(
            say(
                "To compare contexts, all of them were fitted with one penalty and pooled "
                "standard deviations in {refits} to jointly resampled subjects; *p* values of the "
                "differences were adjusted by max-|*t*| (Westfall & Young, 1993).",
                refits=count_things(pieces.contrasts.glance()["draws"].iloc[0], "refit"),
            )
        )
        cited.add("westfall")
    return texts, cited
