"""Parts of the methods paragraph on the ratings and on the factor behind them."""

from __future__ import annotations

from typing import Any

from exprstats.numerals import write_level
from exprstats.plots import name_contexts
from exprstats.report.cells import list_levels
from exprstats.report.coefficients import FAMILIES, INDEPENDENT, find_family
from exprstats.report.pieces import Pieces
from exprstats.report.prose import join_words, say
from exprstats.report.reliability import is_crossed
from exprstats.report.sources import Told, find_r_year

_CLASSIC = ("1", "A")  # families of McGraw and Wong (1996)
_WHY = {
    "1": "raters differed from clip to clip and ",
    "A": "differences in severity between raters count as error and ",
    "clip": "clips of one subject may be alike and ",
}


def tell_reliability(pieces: Pieces) -> Told:
    """Return which coefficient was estimated, why, and where its interval comes from."""
    if pieces.reliability is None:
        return [], set()
    shown = pieces.reliability.tidy()
    shown = shown[shown["headline"].eq(True)]
    family, methods = find_family(shown), set(shown["method"])
    reml = bool(shown["estimator"].eq("reml").any())
    texts = [
        say(
            "Inter-rater reliability was estimated{how} with the {named} of the mean of *k* "
            "raters, ICC({family},*k*){source}, because {why}the ratings of a clip were averaged; "
            "*k* was the harmonic mean of the number of raters per clip.",
            how=" by restricted maximum likelihood in lme4 (Bates et al., 2015)" if reml else "",
            named=FAMILIES.get(family, "intraclass correlation"),
            family=family,
            source=" (McGraw & Wong, 1996)" if family in _CLASSIC else "",
            why="" if family == "1" and is_crossed(pieces.reliability) else _WHY.get(family, ""),
        )
    ]
    level = write_level(pieces.reliability.level)
    if "jackknife" in methods:
        texts.append(
            say(
                "Its {level} confidence interval is a delete-one jackknife over subjects, and "
                "over raters where raters were shared between subjects, so that clips of one "
                "subject need not be independent.",
                level=level,
            )
        )
    elif methods & {*INDEPENDENT}:
        told = "Its {level} confidence interval rests on the *F* distribution."
        texts.append(say(told, level=level))
    sources = {"cicchetti"} | ({"mcgraw"} if family in _CLASSIC else set())
    return texts, sources | ({"bates"} if reml else set())


def tell_factor(pieces: Pieces) -> Told:
    """Return how the factor model was fitted, and how clips got their scores."""
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
