"""Parts of the methods paragraph on tests and refits beyond the main path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from exprstats.numerals import count_things, write_count, write_level
from exprstats.report.importance import gather_importance
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, say
from exprstats.report.sources import Told
from exprstats.report.tuning import name_resampled

if TYPE_CHECKING:
    from exprstats.models import Importance, Weights


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


def tell_resampling(pieces: Pieces) -> Told:
    """Return where the intervals of weights and of their contrasts come from."""
    texts: list[Text] = []
    cited: set[str] = set()
    if pieces.weights is not None:
        texts.append(
            say(
                "{level} percentile intervals of the weights come from {refits} to resampled "
                "{parts} subjects, the penalty tuned anew in each.",
                parts=name_resampled(pieces.weights.model, pieces),
                level=write_level(pieces.weights.level),
                refits=count_things(pieces.weights.glance()["draws"].iloc[0], "refit"),
            )
        )
        if pieces.weights.tidy()["term"].eq("unpenalised").any():
            texts.append(_say_unpenalised())
            cited |= {"efron", "holm"}
    if pieces.contrasts is not None:
        texts.append(
            say(
                "To compare contexts, all of them were fitted with one penalty and pooled "
                "standard deviations in {refits} to jointly resampled subjects; *p* values of the "
                "differences were adjusted by max-|*t*| (Westfall & Young, 1993). Least squares "
                "without a penalty was tested by a delete-one jackknife over subjects (Efron & "
                "Tibshirani, 1993) with Holm's (1979) adjustment.",
                refits=count_things(pieces.contrasts.glance()["draws"].iloc[0], "refit"),
            )
        )
        cited |= {"westfall", "efron", "holm"}
    if pieces.pooling is not None:
        texts.append(
            say(
                "Models of single contexts were compared on the test clips with one model of all "
                "contexts: features and targets were taken about their training means in each "
                "context, which gives the model an intercept for each."
            )
        )
    return texts, cited


def _say_unpenalised() -> Text:
    return say(
        "Whether features go along with the target was tested in the same regression without a "
        "penalty, by a delete-one jackknife over subjects with the *t* distribution (Efron & "
        "Tibshirani, 1993) and Holm's (1979) adjustment."
    )


def _has_groups(found: Mapping[str, Importance | Weights]) -> bool:
    return any(one.tidy()["term"].eq("group_importance").any() for one in found.values())


def tell_importance(pieces: Pieces) -> Told:
    """Return how the importance of features and partial dependence were measured."""
    texts: list[Text] = []
    cited: set[str] = set()
    found = gather_importance(pieces)
    if found:
        rows = next(iter(found.values())).tidy()
        rows = rows[rows["term"].eq("importance") & rows["headline"].eq(True)]
        repeats = max(int(getattr(one, "repeats", 0)) for one in found.values())
        texts.append(
            say(
                "The importance of a feature was measured as the rise of the test error when its "
                "values were permuted between test subjects (Breiman, 2001){repeats}, with "
                "{level} {method} intervals over test subjects{together}.",
                together="; features that correlated highly in training were permuted together as "
                "well"
                if _has_groups(found)
                else "",
                repeats=f", averaged over {write_count(repeats)} permutations" if repeats else "",
                level=write_level(float(rows["level"].iloc[0])),
                method="bootstrap" if rows["method"].eq("percentile").all() else "jackknife",
            )
        )
        cited.add("breiman")
    if pieces.dependence:
        texts.append(
            say(
                "Partial dependence (Friedman, 2001) is the mean prediction over the training "
                "clips with one feature set to a value."
            )
        )
        cited.add("friedman")
    return texts, cited
