"""The methods paragraph, ready to paste, with its references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.apa import count_things, write_count, write_level
from exprstats.document.model import Section
from exprstats.document.text import Text, join_texts, join_words, quote_sentence, say, write_plain
from exprstats.inference.comparison.methods import describe_calibrating, describe_resampling
from exprstats.inference.comparison.regression import REPEATED
from exprstats.inference.comparison.wording import RATERS
from exprstats.inference.metrics.clustered import FEWEST_CLIPS
from exprstats.options import GUESSES
from exprstats.plots import label_metrics
from exprstats.report.analysis import Analysis
from exprstats.report.methods.citations import Told
from exprstats.report.methods.events import tell_estimates, tell_evoked, tell_signing
from exprstats.report.methods.networks import tell_networks
from exprstats.report.methods.ratings import (
    tell_descriptives,
    tell_factor,
    tell_openface,
    tell_reliability,
)
from exprstats.report.sections.comparisons import find_second
from exprstats.report.sections.importance import gather_importance
from exprstats.report.sections.intervals import KINDS, list_methods
from exprstats.report.sections.invariance import tell_scaling
from exprstats.report.sections.performance import name_metric, say_root
from exprstats.report.sections.stability import find_split, name_resampled, name_tuning

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.inference import Comparison
    from exprstats.models import Models

_MEASURES = {
    "rmse": "the root mean square error (RMSE)",
    "nrmse": "the root mean square error divided by the theoretical range of the target (NRMSE)",
    "correlation": "Pearson’s correlation of predictions and truth",
}


def describe_procedure(analysis: Analysis) -> tuple[Section, set[str]]:
    """Return the section and the keys of the sources that it cites."""
    sentences: list[Text] = []
    cited: set[str] = set()
    for tell in (
        tell_reliability,
        tell_factor,
        _tell_nesting,
        tell_openface,
        _tell_models,
        _tell_human,
        _tell_comparison,
        _tell_calibration,
        _tell_resampling,
        _tell_importance,
    ):
        told, sources = tell(analysis)
        sentences += told
        cited |= sources
    # What is told of one by one is on the path of that paper; other results need not be.
    follows = bool(sentences)
    for tell in (tell_networks, tell_signing, tell_evoked, tell_estimates, tell_descriptives):
        told, sources = tell(analysis)
        sentences += told
        cited |= sources
    sentences.append(_tell_package(analysis, follows=follows))
    cited |= {"lin"} if follows else set()
    section = Section(
        "methods",
        "Methods paragraph",
        sentences=(join_texts(sentences),),
        caveats=(
            say(
                "This paragraph can be pasted into a methods section; add how clips and raters "
                "were sampled."
            ),
        ),
    )
    return section, cited


def _tell_models(analysis: Analysis) -> Told:
    """Return how subjects were divided, and how each model was fitted to them."""
    models = find_split(analysis)
    if models is None:
        return [], set()
    texts = [_tell_split(models, analysis)]
    cited: set[str] = set()
    for one in analysis.models.values():
        told, sources = (_tell_forest if one.kind == "forest" else _tell_elastic)(one, analysis)
        texts += told
        cited |= sources
    return texts, cited


def _tell_split(models: Models, analysis: Analysis) -> Text:
    row = models.glance().iloc[0]
    names = {"train": "training", "validate": "validation", "test": "testing"}
    counts = {name: row[f"n_{part}"] for part, name in names.items()}
    told = [f"{write_count(count)} for {name}" for name, count in counts.items() if count]
    strata = analysis.study and analysis.study.split and analysis.study.split.stratify
    what = strata if isinstance(strata, str) else "the contexts that they have"
    return say(
        "The {people} of {clips} were divided at random into {told}{evenly}; all clips of a "
        "subject belong to one part.",
        people=count_things(sum(counts.values()), "subject"),
        clips=count_things(len(models.design.clips), "clip"),
        told=join_words(told),
        evenly=f", stratified by {what}" if strata else "",
    )


def _tell_elastic(models: Models, analysis: Analysis) -> Told:
    row = models.glance().iloc[0]
    grid = models.penalties
    searched = ""
    if grid is not None:
        alphas = ", ".join(f"{alpha:g}" for alpha in sorted(grid.alphas))
        ratios = ", ".join(f"{ratio:g}" for ratio in grid.l1_ratios)
        searched = f" among alpha ∈ {{{alphas}}} and l1_ratio ∈ {{{ratios}}}"
    text = say(
        "An elastic net (Zou & Hastie, 2005) predicted {target} from {features} standardized "
        "on the training clips{where}; its penalty was the one with the lowest root mean "
        "square error {tuned}{searched}, with scikit-learn (Pedregosa et al., 2011).",
        tuned=name_tuning(models, analysis),
        target=analysis.target,
        features=count_things(row["n_features"], "feature"),
        where=", for each context and for all contexts together" if row["n_contexts"] else "",
        searched=searched,
    )
    return [text], {"zou", "pedregosa"}


def _tell_forest(models: Any, analysis: Analysis) -> Told:
    """Return how a random forest was tuned."""
    text = say(
        "A random forest (Breiman, 2001){trees} predicted {target} from {features}; the share of "
        "features tried at a split and the least number of clips in a leaf were those with the "
        "{error} on the validation subjects.",
        target=analysis.target,
        trees=_tell_trees(models),
        features=_tell_features(models, analysis),
        error="lowest share of wrong classes"
        if models.design.classes
        else "lowest root mean square error",
    )
    return [text], {"breiman"}


def _tell_trees(models: Any) -> str:
    forest = getattr(models.fits[0], "forest", None)
    trees = getattr(forest, "n_estimators", None)
    return "" if trees is None else f" of {write_count(trees)} trees"


def _tell_features(models: Any, analysis: Analysis) -> str:
    """Return what a model predicts from; a model told before has named it."""
    if next(iter(analysis.models.values()), models) is not models:
        return "the same features"
    features = len(models.design.features)
    contexts = any(sample.context is not None for sample in models.design.samples)
    where = ", for each context and for all contexts together" if contexts else ""
    return f"{count_things(features, 'feature')}{where}"


def _tell_human(analysis: Analysis) -> Told:
    """Return what the human baseline is, where the study has one."""
    if analysis.find_kind("human") is None:
        return [], set()
    models = analysis.study.models if analysis.study else ()
    units = [one.unit or "worker" for one in models if one.kind == "human"]
    paper = [unit == "paper" for unit in units]
    weighted = "Bartlett’s weights, and so in the unit of the scores"
    summed = "the standardized loadings, summed, and standardized"
    text = say(
        "The human baseline let each rater's answers, weighted by {weights}, predict the mean of "
        "the other raters of the same clip; its metrics were averaged over {seats}{few}.",
        weights=summed
        if paper and all(paper)
        else weighted + (f" (or by {summed})" if any(paper) else ""),
        seats=analysis.name_judges(),
        few=f", those with fewer than {FEWEST_CLIPS} clips left out" if "worker" in units else "",
    )
    return [text], set()


def _tell_nesting(analysis: Analysis) -> Told:
    """Return how equal contexts and equal items were tested."""
    texts: list[Text] = []
    cited: set[str] = set()
    if analysis.invariance is not None:
        texts.append(
            say(
                "Configural, metric, scalar, and strict invariance across contexts were tested in "
                "turn (Meredith, 1993), {how}.",
                how=tell_scaling(analysis.invariance),
            )
        )
        cited.add("meredith")
    if analysis.restrictions is not None:
        texts.append(
            say(
                "Equality of the items' loadings, and of their residual variances too, was tested "
                "{how}.",
                how=tell_scaling(analysis.restrictions),
            )
        )
    cited |= {"satorra"} if any("Satorra" in write_plain(text) for text in texts) else set()
    if analysis.resampled is not None:
        texts.append(
            say(
                "Intervals and tests of loadings that allow for clusters come from {draws} "
                "resamples of whole clusters.",
                draws=f"{analysis.resampled.draws:,}",
            )
        )
    return texts, cited


def _tell_resampling(analysis: Analysis) -> Told:
    """Return where the intervals of weights and of their contrasts come from."""
    texts: list[Text] = []
    cited: set[str] = set()
    if analysis.weights is not None:
        texts.append(
            say(
                "{level} percentile intervals of the weights come from {refits} to resampled "
                "{parts} subjects, the penalty tuned anew in each.",
                parts=name_resampled(analysis.weights.model, analysis),
                level=write_level(analysis.weights.level),
                refits=count_things(analysis.weights.glance()["draws"].iloc[0], "refit"),
            )
        )
        if analysis.weights.tidy()["term"].eq("unpenalised").any():
            texts.append(_say_unpenalised())
            cited |= {"efron", "holm"}
    if analysis.contrasts is not None:
        texts.append(
            say(
                "To compare contexts, all of them were fitted with one penalty and pooled "
                "standard deviations in {refits} to jointly resampled subjects; differences are "
                "described, not tested. Least squares without a penalty was tested by a delete-one "
                "jackknife over subjects (Efron & Tibshirani, 1993) with Holm's (1979) adjustment.",
                refits=count_things(analysis.contrasts.glance()["draws"].iloc[0], "refit"),
            )
        )
        cited |= {"efron", "holm"}
    if analysis.pooling is not None:
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
        "Associations of features with the target were tested in the same regression without a "
        "penalty, by a delete-one jackknife over subjects with the *t* distribution (Efron & "
        "Tibshirani, 1993) and Holm's (1979) adjustment."
    )


def _tell_importance(analysis: Analysis) -> Told:
    """Return how the importance of features and partial dependence were measured."""
    texts: list[Text] = []
    cited: set[str] = set()
    found = gather_importance(analysis)
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
                if any(one.tidy()["term"].eq("group_importance").any() for one in found.values())
                else "",
                repeats=f", averaged over {write_count(repeats)} permutations" if repeats else "",
                level=write_level(float(rows["level"].iloc[0])),
                method="bootstrap" if rows["method"].eq("percentile").all() else "jackknife",
            )
        )
        cited.add("breiman")
    if analysis.dependence:
        texts.append(
            say(
                "Partial dependence (Friedman, 2001) is the mean prediction over the training "
                "clips with one feature set to a value."
            )
        )
        cited.add("friedman")
    return texts, cited


def _say_measures(comparison: Comparison) -> Text:
    named = label_metrics(comparison).items()
    told = join_words([_MEASURES.get(metric, name_metric(label)) for metric, label in named])
    return say("Performance on the test clips was measured by {told}.", told=told)


def _tell_comparison(analysis: Analysis) -> Told:
    comparison = analysis.comparison
    if comparison is None:
        return [], set()
    rows = comparison.tidy()
    shown = rows[rows["headline"].eq(True)]
    texts = [_say_measures(comparison)]
    sources: set[str] = set()
    baselines = _name_baselines(analysis)
    if baselines:
        verb = "Baselines were" if len(baselines) > 1 else "The baseline was"
        texts.append(say("{verb} {named}.", verb=verb, named=join_words(baselines)))
    compared = bool(shown["versus"].notna().any())
    told = " of test performance" + (" and of differences between models" if compared else "")
    methods = list_methods(shown)
    drawn = [method for method in methods if method in KINDS]
    if drawn:
        # The inference room says what was resampled; a second stage has its own source there.
        texts.append(quote_sentence(describe_resampling(comparison)))
        sources.add("field")
        sources |= {"davison"} if comparison.scheme == "two-stage" else set()
    for method in drawn:
        source = {"percentile": None, "expanded": "hesterberg"}.get(method, "davison")
        sources |= {source} if source else set()
        cited_as = {"hesterberg": " (Hesterberg, 2015)", "davison": " (Davison & Hinkley, 1997)"}
        texts.append(
            say(
                "{level} {kind}confidence intervals and *p* values{told} come from these draws"
                "{source}.",
                level=write_level(comparison.level),
                kind=KINDS[method],
                told=told,
                source=cited_as.get(source or "", ""),
            )
        )
    if "jackknife" in methods:
        sources.add("efron")
        several = len({*methods} - {RATERS}) > 1
        texts.append(
            say(
                "{where}{level} confidence intervals and *p* values{what} come from a delete-one "
                "jackknife over subjects with the *t* distribution (Efron & Tibshirani, 1993).",
                what="" if several else told,
                where="For other metrics, " if several else "",
                level=write_level(comparison.level),
            )
        )
    if RATERS in methods:
        sources.add("cameron")
        told = (
            "Those of the human baseline, and of differences from it, come from a jackknife that "
            "leaves out subjects and raters (Cameron et al., 2011), because raters are a sample, "
            "too."
        )
        texts.append(say(told))
    if compared:
        sources.add("holm")
        adjusted = "The *p* values of differences were adjusted by the method of Holm (1979)."
        texts.append(say(adjusted))
    told, cited = _tell_second(rows)
    texts += [*told, *([] if analysis.ceiling is None else [say_root(analysis)])]
    return texts, sources | cited


def _tell_second(rows: pd.DataFrame) -> Told:
    """Return by which other packages scores and their differences were computed as well."""
    texts, cited = [], set()
    if find_second(rows):
        cited.add("seabold")
        told = "Linear regression with cluster-robust standard errors (statsmodels; Seabold & "
        texts.append(say(told + "Perktold, 2010) tested the differences of mean errors as well."))
    if rows["method"].eq(REPEATED).any():
        cited |= {"bakdash", "vallat"}
        told = "Within subjects, *r* was computed by repeated-measures correlation (Bakdash & "
        texts.append(say(told + "Marusich, 2017) in pingouin (Vallat, 2018) as well."))
    return texts, cited


def _tell_calibration(analysis: Analysis) -> Told:
    """Return how calibration was described, where it was."""
    if analysis.calibration is None:
        return [], set()
    return [quote_sentence(describe_calibrating(analysis.calibration))], {"cox", "lee"}


def _name_baselines(analysis: Analysis) -> list[str]:
    words = dict(GUESSES)
    if analysis.study and analysis.study.clips and analysis.study.clips.classes:
        words["uniform"] = "classes drawn at random, each as probable"
    kinds = [model.kind for model in analysis.study.models] if analysis.study else []
    return [words[kind] for kind in kinds if kind in words]


def _tell_package(analysis: Analysis, *, follows: bool) -> Text:
    from exprstats import __version__

    return say(
        "The analysis {follows}was run with exprstats {version}{seed}.",
        follows="follows Lin, Girard, and Morency (2020) and " if follows else "",
        version=__version__,
        seed=f" (seed {analysis.provenance.seed})" if analysis.provenance else "",
    )
