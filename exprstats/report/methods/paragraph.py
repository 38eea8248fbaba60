"""The methods paragraph, ready to paste, with its references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.apa import write_level
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
from exprstats.report.methods.models import (
    tell_importance,
    tell_models,
    tell_networks,
    tell_resampling,
)
from exprstats.report.methods.ratings import (
    tell_descriptives,
    tell_factor,
    tell_openface,
    tell_reliability,
)
from exprstats.report.sections.comparisons import join_second
from exprstats.report.sections.intervals import KINDS, list_methods
from exprstats.report.sections.invariance import tell_scaling
from exprstats.report.sections.performance import name_metric, say_root

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.inference import Comparison

_MEASURES = {
    "rmse": "the root mean square error (RMSE)",
    "nrmse": "the root mean square error divided by the theoretical range of the target (NRMSE)",
    "correlation": "Pearson’s correlation of predictions and truth",
}
_SEEN = "range of the target in the training clips"


def describe_procedure(analysis: Analysis) -> tuple[Section, set[str]]:
    """Return the section and the keys of the sources that it cites."""
    paragraphs: list[list[Text]] = []
    cited: set[str] = set()
    for part in _PARAGRAPHS:
        told = [tell(analysis) for tell in part]
        paragraphs.append([text for texts, _ in told for text in texts])
        cited |= {source for _, sources in told for source in sources}
    # The first two are on the path of that paper; other results need not be.
    follows = any(paragraphs[:-1])
    paragraphs[-1].append(_tell_package(analysis, follows=follows))
    cited |= {"lin"} if follows else set()
    rated, clips = analysis.reliability is not None, bool(analysis.models or analysis.networks)
    sampled = ["clips"] * (rated or clips) + ["raters"] * rated or ["the data"]
    section = Section(
        "methods",
        "Methods paragraph",
        sentences=tuple(join_texts(texts) for texts in paragraphs if texts),
        caveats=(
            say(
                "This text can be pasted into a methods section; add how {sampled} were sampled.",
                sampled=join_words(sampled),
            ),
        ),
    )
    return section, cited


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


def _say_measures(comparison: Comparison, analysis: Analysis) -> Text:
    words = dict(_MEASURES)
    settings = analysis.study.compare if analysis.study else None
    if _is_seen(analysis) and not (settings and settings.span):
        words["nrmse"] = words["nrmse"].replace("theoretical range of the target", _SEEN)
    named = label_metrics(comparison).items()
    told = join_words([words.get(metric, name_metric(label)) for metric, label in named])
    return say("Performance on the test clips was measured by {told}.", told=told)


def _tell_comparison(analysis: Analysis) -> Told:
    comparison = analysis.comparison
    if comparison is None:
        return [], set()
    rows = comparison.tidy()
    shown = rows[rows["headline"].eq(True)]
    texts = [_say_measures(comparison, analysis)]
    sources: set[str] = set()
    baselines = _name_baselines(analysis)
    if baselines:
        verb = "Baselines were" if len(baselines) > 1 else "The baseline was"
        texts.append(say("{verb} {named}.", verb=verb, named=join_words(baselines)))
    compared = bool(shown["versus"].notna().any())
    told = " of test performance" + (" and of differences between models" if compared else "")
    intervals, cited = _tell_intervals(comparison, list_methods(shown), told)
    texts, sources = [*texts, *intervals], sources | cited
    if compared:
        sources.add("holm")
        adjusted = "The *p* values of differences were adjusted by the method of Holm (1979)."
        texts.append(say(adjusted))
    told, cited = _tell_second(rows)
    texts += [*told, *([] if analysis.ceiling is None else [say_root(analysis)])]
    return texts, sources | cited


def _tell_intervals(comparison: Comparison, methods: list[str], told: str) -> Told:
    """Return what intervals and *p* come from; ``told``: what they are of."""
    texts: list[Text] = []
    sources: set[str] = set()
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
    return texts, sources


def _tell_second(rows: pd.DataFrame) -> Told:
    """Return by which other packages scores and their differences were computed as well."""
    texts, cited = [], set()
    if not join_second(rows).empty:
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


def _is_seen(analysis: Analysis) -> bool:
    """Return whether the range of the target is that of the training clips, for lack of a scale."""
    study = analysis.study
    if study is None or study.clips is None or study.scored or study.rated_target:
        return False
    return study.clips.scale is None


def _name_baselines(analysis: Analysis) -> list[str]:
    words = dict(GUESSES)
    if analysis.study and analysis.study.clips and analysis.study.clips.classes:
        words["uniform"] = "classes drawn at random, each as probable"
    elif _is_seen(analysis):
        words["uniform"] = f"random values uniform over the {_SEEN}"
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


# Ratings and their model; predictions and their comparison; whatever else was analysed.
_PARAGRAPHS = (
    (tell_reliability, tell_factor, _tell_nesting, tell_openface),
    (
        tell_models,
        _tell_human,
        _tell_comparison,
        _tell_calibration,
        tell_resampling,
        tell_importance,
    ),
    (tell_networks, tell_signing, tell_evoked, tell_estimates, tell_descriptives),
)
