"""The methods paragraph, ready to paste, with its references."""

from __future__ import annotations

from exprstats.apa import write_level
from exprstats.document.model import Section
from exprstats.document.text import Text, join_texts, join_words, quote_sentence, say
from exprstats.inference.comparison.methods import describe_resampling
from exprstats.report.analysis import Analysis
from exprstats.report.methods.citations import Told
from exprstats.report.methods.models import (
    tell_human,
    tell_importance,
    tell_models,
    tell_nesting,
    tell_resampling,
)
from exprstats.report.methods.ratings import tell_factor, tell_openface, tell_reliability
from exprstats.report.sections.performance import KINDS, list_methods


def describe_procedure(analysis: Analysis) -> tuple[Section, set[str]]:
    """Return the section and the keys of the sources that it cites."""
    sentences: list[Text] = []
    cited: set[str] = set()
    for tell in (
        tell_reliability,
        tell_factor,
        tell_nesting,
        tell_openface,
        tell_models,
        tell_human,
        _tell_comparison,
        tell_resampling,
        tell_importance,
    ):
        told, sources = tell(analysis)
        sentences += told
        cited |= sources
    # What is told of one by one is on the path of that paper; other results need not be.
    follows = bool(sentences)
    sentences.append(_tell_package(analysis, follows=follows))
    cited |= {"lin"} if follows else set()
    section = Section(
        "methods",
        "Methods paragraph",
        sentences=(join_texts(sentences),),
        caveats=(say("Ready to paste; add how clips and raters were chosen."),),
    )
    return section, cited


def _tell_comparison(analysis: Analysis) -> Told:
    comparison = analysis.comparison
    if comparison is None:
        return [], set()
    rows = comparison.tidy()
    shown = rows[rows["headline"].eq(True)]
    texts: list[Text] = []
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
        sources |= set() if method == "percentile" else {"davison"}
        texts.append(
            say(
                "{level} {kind}confidence intervals and *p* values{told} come from these draws"
                "{source}.",
                level=write_level(comparison.level),
                kind=KINDS[method],
                told=told,
                source="" if method == "percentile" else " (Davison & Hinkley, 1997)",
            )
        )
    if "jackknife" in methods:
        sources.add("efron")
        several = len(methods) > 1
        texts.append(
            say(
                "{where}{level} confidence intervals and *p* values{what} come from a delete-one "
                "jackknife over subjects with the *t* distribution (Efron & Tibshirani, 1993).",
                what="" if several else told,
                where="Where there were fewer than 40 test subjects, " if several else "",
                level=write_level(comparison.level),
            )
        )
    if compared:
        sources.add("holm")
        adjusted = "The *p* values of differences were adjusted by the method of Holm (1979)."
        texts.append(say(adjusted))
    return texts, sources


def _name_baselines(analysis: Analysis) -> list[str]:
    words = {
        "uniform": "random values uniform over the theoretical range",
        "normal": "random standard normal values",
        "mean": "the mean of the training clips",
        "majority": "the most frequent class of the training clips",
    }
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
