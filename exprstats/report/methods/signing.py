"""Methods sentences on annotated events: labels, co-occurrence and prediction."""

from __future__ import annotations

from exprstats.apa import count_things, write_count
from exprstats.document.text import say
from exprstats.report.analysis import Analysis
from exprstats.report.methods.citations import Told


def tell_signing(analysis: Analysis) -> Told:
    """Return how labels were related to features and predicted, and the works cited."""
    pairs, scores = analysis.cooccurrence, analysis.label_prediction
    texts = []
    cited: set[str] = set()
    if pairs is not None:
        texts.append(
            say(
                "Following Kezar and Zhou (2022), we related labels that a lexicon gives to texts "
                "with annotated features by conditional probabilities over {unit}, with intervals "
                "from a delete-one jackknife over utterances{test}.",
                unit=pairs.unit,
                test=f" and {write_count(pairs.draws)} permutations of utterances' labels within "
                "signers as the test of independence"
                if pairs.draws
                else "",
            )
        )
        cited.add("kezar")
    if scores is not None:
        texts.append(
            say(
                "Labels were predicted by random forests of {trees} (Breiman, 2001) in {count} "
                "folds of {kind}, and, for comparison, in folds of frames.",
                trees=count_things(scores.trees, "tree"),
                count=scores.n_folds[scores.folds],
                kind=scores.folds,
            )
        )
        cited.add("breiman")
    return texts, cited
