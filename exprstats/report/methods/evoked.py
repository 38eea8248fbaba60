"""Methods sentences on evoked expressions: labels, annotators and predictions."""

from __future__ import annotations

from exprstats.apa import write_count, write_level
from exprstats.document.text import say
from exprstats.report.analysis import Analysis
from exprstats.report.methods.citations import Told

_RULES = {
    "each": "what each annotator said, one after the other",
    "majority": "what the majority of annotators said",
    "any": "what any annotator said",
    "all": "what all annotators said",
}


def tell_evoked(analysis: Analysis) -> Told:
    """Return how labels, annotators and predictions were analysed, and the works cited."""
    labels, people = analysis.evoked_labels, analysis.evoked_annotators
    scores = analysis.evoked_scores or {}
    texts = []
    cited: set[str] = set()
    asked = analysis.study.evoked if analysis.study is not None else None
    if asked is not None and asked.vote:
        texts.append(
            say(
                "Labels at {hz} Hz were reduced to majorities over windows of {window} s, one each "
                "{stride} s: a tie was no label, missing samples counted on neither side, and "
                "windows that were not full were left out.",
                hz=f"{asked.hz:g}",
                window=f"{asked.window:g}",
                stride=f"{asked.stride:g}",
            )
        )
    if labels is not None:
        texts.append(
            say(
                "Following Sun et al. (2020), we described evoked expressions by their share of "
                "moments, labels a moment, and co-occurrence; scores of {threshold} or above were "
                "labels. Intervals ({level}) are from a delete-one jackknife over videos, as "
                "moments of one video are alike.",
                threshold=f"{labels.threshold:g}",
                level=write_level(labels.level),
            )
        )
        cited.add("sun")
    if people is not None:
        rule = ""
        if people.truth is not None:
            rule = f" Precision and recall of the machine took as true {_RULES[people.truth]}."
        texts.append(
            say("Agreement of annotators is Fleiss’ kappa (Fleiss, 1971).{rule}", rule=rule)
        )
        cited.add("fleiss")
    if scores:
        draws = max(one.draws for one in scores.values())
        texts.append(
            say(
                "Predictions were compared on the same moments with a bootstrap of whole videos "
                "({draws} draws) and a jackknife over videos.",
                draws=write_count(draws),
            )
        )
    return texts, cited
