"""The methods paragraph, ready to paste, and the works it cites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.numerals import count_things, write_count, write_level
from exprstats.plots import name_contexts
from exprstats.report.behaviour import tell_openface
from exprstats.report.cells import list_levels
from exprstats.report.document import Section
from exprstats.report.pieces import Pieces
from exprstats.report.procedures import (
    tell_forest,
    tell_human,
    tell_importance,
    tell_nesting,
    tell_resampling,
)
from exprstats.report.prose import Text, join_texts, join_words, say
from exprstats.report.reliability import is_crossed
from exprstats.report.sources import find_r_year
from exprstats.report.tuning import find_split, name_tuning

if TYPE_CHECKING:
    from exprstats.models import Models

_Told = tuple[list[Text], set[str]]


def describe_methods(pieces: Pieces) -> tuple[Section, set[str]]:
    """Return the section and the keys of the sources that it cites."""
    sentences: list[Text] = []
    cited: set[str] = set()
    for tell in (
        _tell_reliability,
        _tell_factor,
        tell_nesting,
        tell_openface,
        _tell_models,
        tell_human,
        _tell_comparison,
        tell_resampling,
        tell_importance,
    ):
        told, sources = tell(pieces)
        sentences += told
        cited |= sources
    # What is told of one by one is on the path of that paper; other results need not be.
    follows = bool(sentences)
    sentences.append(_tell_package(pieces, follows=follows))
    cited |= {"lin"} if follows else set()
    section = Section(
        "methods",
        "Methods paragraph",
        sentences=(join_texts(sentences),),
        caveats=(say("Ready to paste; add how clips and raters were chosen."),),
    )
    return section, cited


def _tell_reliability(pieces: Pieces) -> _Told:
    if pieces.reliability is None:
        return [], set()
    shown = pieces.reliability.tidy()
    shown = shown[shown["headline"].eq(True)]
    level = write_level(pieces.reliability.level)
    texts = [
        say(
            "Inter-rater reliability was estimated with the one-way random-effects intraclass "
            "correlation of the mean of *k* raters, ICC(1,*k*) (McGraw & Wong, 1996), because "
            "{why}the ratings of a clip were averaged; *k* was the harmonic mean of the number of "
            "raters per clip.",
            why="" if is_crossed(pieces.reliability) else "raters differed from clip to clip and ",
        )
    ]
    if shown["method"].ne("f").any():
        texts.append(
            say(
                "Its {level} confidence interval is a delete-one jackknife over subjects, and "
                "over raters where raters were shared between subjects, so that clips of one "
                "subject need not be independent.",
                level=level,
            )
        )
    else:
        texts.append(
            say("Its {level} confidence interval rests on the *F* distribution.", level=level)
        )
    return texts, {"mcgraw", "cicchetti"}


def _tell_factor(pieces: Pieces) -> _Told:
    factor = pieces.factor
    if factor is None:
        return [], set()
    rows = name_contexts(factor.tidy())
    items = [str(item) for item in list_levels(rows[rows["term"].eq("loading")], "item")]
    contexts = len(list_levels(rows, "context"))
    texts = [
        say(
            "{averaged}confirmatory factor model with unit factor variance was fitted to {items} "
            "by maximum likelihood{where}{how}.",
            averaged="For each clip, ratings were averaged over raters, and a one-factor "
            if pieces.reliability
            else "A one-factor ",
            items=join_words(items),
            where=" within each context and over all contexts" if contexts > 1 else "",
            how=_name_engine(factor),
        ),
    ]
    trained = "train" in list_levels(rows, "part")
    texts.append(
        say(
            "Factor scores were estimated by Bartlett's method, which gives unbiased estimates "
            "(Bartlett, 1937; DiStefano et al., 2009){trained}.",
            trained=", from the model fitted to the training subjects only" if trained else "",
        )
    )
    sources = {"bartlett", "distefano"}
    return texts, sources | ({"rosseel", "r"} if factor.engine == "lavaan" else set())


def _name_engine(factor: Any) -> str:
    if factor.engine != "lavaan":
        return " (in the closed form that exists for three items)"
    versions = getattr(factor.receipt, "versions", None) or {}
    lavaan = versions.get("lavaan")
    r = versions.get("R")
    year = find_r_year(r or "")
    return (
        f" with lavaan{f' {lavaan}' if lavaan else ''} (Rosseel, 2012) "
        f"in R{f' {r}' if r else ''} (R Core Team{f', {year}' if year else ''})"
    )


def _tell_models(pieces: Pieces) -> _Told:
    models = find_split(pieces)
    if models is None:
        return [], set()
    texts = [_tell_split(models, pieces)]
    cited: set[str] = set()
    for one in pieces.models.values():
        told, sources = (tell_forest if one.kind == "forest" else _tell_elastic)(one, pieces)
        texts += told
        cited |= sources
    return texts, cited


def _tell_split(models: Models, pieces: Pieces) -> Text:
    row = models.glance().iloc[0]
    names = {"train": "training", "validate": "validation", "test": "testing"}
    counts = {name: row[f"n_{part}"] for part, name in names.items()}
    told = [f"{write_count(count)} for {name}" for name, count in counts.items() if count]
    stratified = pieces.study and pieces.study.split and pieces.study.split.stratify
    return say(
        "Subjects were divided at random into {told}{evenly}; all clips of a subject belong to "
        "one part.",
        told=join_words(told),
        evenly=", each set of contexts in these shares" if stratified else "",
    )


def _tell_elastic(models: Models, pieces: Pieces) -> _Told:
    if models.kind != "elastic":
        return [], set()
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
        tuned=name_tuning(models, pieces),
        target=pieces.target,
        features=count_things(row["n_features"], "feature"),
        where=", for each context and for all contexts together" if row["n_contexts"] else "",
        searched=searched,
    )
    return [text], {"zou", "pedregosa"}


def _tell_comparison(pieces: Pieces) -> _Told:
    comparison = pieces.comparison
    if comparison is None:
        return [], set()
    rows = comparison.tidy()
    shown = rows[rows["headline"].eq(True)]
    level = write_level(comparison.level)
    texts: list[Text] = []
    sources = {"holm"}
    baselines = _name_baselines(pieces)
    if baselines:
        texts.append(say("Baselines were {named}.", named=join_words(baselines)))
    if shown["method"].eq("percentile").any():
        sources.add("field")
        texts.append(
            say(
                "{level} confidence intervals and *p* values of test performance and of "
                "differences between models come from a cluster bootstrap with {draws} draws of "
                "whole subjects (Field & Welsh, 2007).",
                level=level,
                draws=f"{int(comparison.draws):,}",
            )
        )
    several = len(list_levels(shown, "method")) > 1
    if shown["method"].eq("jackknife").any():
        sources.add("efron")
        texts.append(
            say(
                "{where}{level} confidence intervals and *p* values{what} come from a delete-one "
                "jackknife over subjects with the *t* distribution (Efron & Tibshirani, 1993).",
                what="" if several else " of test performance and of differences between models",
                where="Where there were fewer than 40 test subjects, " if several else "",
                level=level,
            )
        )
    texts.append(say("The *p* values of differences were adjusted by the method of Holm (1979)."))
    return texts, sources


def _name_baselines(pieces: Pieces) -> list[str]:
    words = {
        "uniform": "random values uniform over the theoretical range",
        "normal": "random standard normal values",
        "mean": "the mean of the training clips",
        "majority": "the most frequent class of the training clips",
    }
    if pieces.study and pieces.study.clips and pieces.study.clips.classes:
        words["uniform"] = "classes drawn at random, each as probable"
    kinds = [model.kind for model in pieces.study.models] if pieces.study else []
    return [words[kind] for kind in kinds if kind in words]


def _tell_package(pieces: Pieces, *, follows: bool) -> Text:
    from exprstats import __version__

    return say(
        "The analysis {follows}was run with exprstats {version}{seed}.",
        follows="follows Lin, Girard, and Morency (2020) and " if follows else "",
        version=__version__,
        seed=f" (seed {pieces.provenance.seed})" if pieces.provenance else "",
    )
