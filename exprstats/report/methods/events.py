"""Sentences on evoked expressions, signing and estimates for the methods paragraph."""

from __future__ import annotations

from exprstats.apa import count_things, write_count, write_level
from exprstats.document.text import Text, join_words, say
from exprstats.options import TIE_NAMES
from exprstats.report.analysis import Analysis
from exprstats.report.methods.citations import Told

_RULES = {
    "each": "the labels of each annotator in turn",
    "majority": "the majority of annotators",
    "any": "the label of any annotator",
    "all": "the labels on which all annotators agreed",
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
                "{stride} s: a tie was {tie}, missing samples counted on neither side, and "
                "windows that were not full were left out.",
                hz=f"{asked.hz:g}",
                window=f"{asked.window:g}",
                stride=f"{asked.stride:g}",
                tie=TIE_NAMES[asked.ties],
            )
        )
    if labels is not None:
        texts.append(
            say(
                "Following Sun et al. (2020), we described evoked expressions by their share of "
                "moments, labels per moment, and co-occurrence; scores of {threshold} or above "
                "were labels. Intervals ({level}) are from a delete-one jackknife over videos, as "
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
            say(
                "Agreement of annotators is Fleiss’ κ (Fleiss, 1971), extended to missing "
                "annotations as by Gwet (2014).{rule}",
                rule=rule,
            )
        )
        cited |= {"fleiss", "gwet"}
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
                test=f" and {write_count(pairs.draws)} permutations of utterances’ labels within "
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
                "folds of {kind}, and, for comparison, in folds of frames. Intervals are from a "
                "delete-one jackknife over {kind}, widened to the variation over forests on random "
                "halves of them (Shao & Wu, 1989) where that is larger.",
                trees=count_things(scores.trees, "tree"),
                count=scores.n_folds[scores.folds],
                kind=scores.folds,
            )
        )
        cited |= {"breiman", "shao"}
    return texts, cited


def tell_estimates(analysis: Analysis) -> Told:
    """Return how estimates were described, compared, worded and classified, and the works cited."""
    found, structure = analysis.estimates, analysis.structure
    texts: list[Text] = []
    cited: set[str] = set()
    if found is not None:
        texts.append(
            say(
                "Following Brooks et al. (2023), we described emotion expression estimates by the "
                "mean and the rank of each emotion and correlated modalities by Spearman's ρ, over "
                "all emotions as one sample and as the mean of the emotions' own ρ; intervals come "
                "from a delete-one jackknife over {who} (Efron & Tibshirani, 1993).",
                who={"subject": "people", "recording": "recordings"}.get(
                    found.cluster or "", found.cluster or "moments"
                ),
            )
        )
    if structure is not None and structure.table["p_value"].notna().any():
        texts.append(
            say(
                "Correlation matrices were compared by the root mean square of the differences of "
                "Fisher z, with its distribution under equal structure from {draws} of random "
                "signs of what each person adds (Canay et al., 2017).",
                draws=count_things(int(structure.table["draws"].max()), "draw"),
            )
        )
        cited.add("canay")
    texts += _tell_sentences(analysis)
    texts += _tell_transfer(analysis)
    cited |= {"brooks"} if texts else set()
    cited |= {"efron"} if found is not None or analysis.transfer is not None else set()
    if analysis.maps is not None:
        texts.append(
            say(
                "Maps of moments were made by t-SNE (van der Maaten & Hinton, 2008) from "
                "principal components, with their trustworthiness over five neighbors (Venna & "
                "Kaski, 2001)."
            )
        )
        cited |= {"maaten", "venna"}
    return texts, cited


def _tell_sentences(analysis: Analysis) -> list[Text]:
    if analysis.leed is None:
        return []
    words = {
        "published": "the lower bounds that these authors published",
        "quantile": "quantiles of each modality's scores",
        "given": "lower bounds of our own",
    }
    kinds = analysis.leed.table.groupby("thresholds", sort=False)["modality"].agg(list)
    told = [
        words[kind] + (f" ({join_words(names)})" if len(kinds) > 1 else "")
        for kind, names in kinds.items()
    ]
    source = join_words(told)
    return [say("Scores were put into sentences by adverbs with {source}.", source=source)]


def _tell_transfer(analysis: Analysis) -> list[Text]:
    transfer = analysis.transfer
    if transfer is None:
        return []
    choices = transfer.choices
    nulls = int(transfer.nulls["draw"].max()) if len(transfer.nulls) else 0
    return [
        say(
            "Acted emotions were classified by linear support vector machines in {folds} of "
            "speakers{repeats}; C was chosen among {costs} in folds of the training "
            "speakers{nulls}. "
            "Intervals of unweighted average recall and differences between features come from a "
            "delete-one jackknife over speakers (Efron & Tibshirani, 1993){deals}.",
            deals=", to whose variance that between deals was added"
            if transfer.repeats > 1
            else "",
            folds=count_things(choices["fold"].nunique(), "fold"),
            repeats=f", dealt {write_count(transfer.repeats)} times, over which recall is a mean"
            if transfer.repeats > 1
            else "",
            costs=", ".join(f"{one:g}" for one in sorted(choices["cost"].unique())),
            nulls=f", and {write_count(nulls)} times anew with labels permuted within speakers"
            if nulls
            else "",
        )
    ]
