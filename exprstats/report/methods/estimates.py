"""Methods sentences on estimates of expression: agreement, structure, sentences and recall."""

from __future__ import annotations

from exprstats.apa import count_things, write_count
from exprstats.document.text import Text, say
from exprstats.report.analysis import Analysis
from exprstats.report.methods.citations import Told


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
                "Maps of moments were made by t-SNE (van der Maaten & Hinton, 2008) from principal "
                "components, with their trustworthiness over five neighbours (Venna & Kaski, 2001)."
            )
        )
        cited |= {"maaten", "venna"}
    return texts, cited


def _tell_sentences(analysis: Analysis) -> list[Text]:
    if analysis.leed is None:
        return []
    source = {
        "published": "the lower bounds that these authors published",
        "quantile": "quantiles of each modality's scores",
        "given": "lower bounds of our own",
    }[analysis.leed.thresholds]
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
            "speakers; C was chosen among {costs} in folds of the training speakers{nulls}. "
            "Intervals of unweighted average recall and differences between features come from a "
            "delete-one jackknife over speakers (Efron & Tibshirani, 1993).",
            folds=count_things(choices["fold"].nunique(), "fold"),
            costs=", ".join(f"{one:g}" for one in sorted(choices["cost"].unique())),
            nulls=f", and {write_count(nulls)} times anew with labels permuted within speakers"
            if nulls
            else "",
        )
    ]
