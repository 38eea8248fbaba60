"""Methods paragraph: ratings, factor model and behavioural features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.apa import count_things, write_level, write_number, write_percent
from exprstats.document.cells import ALL, list_levels, name_contexts, pick_rows
from exprstats.document.model import keep
from exprstats.document.text import Text, join_words, quote_sentence, say
from exprstats.io.files.reading import tell_recoding
from exprstats.measurement.factor.checks import PINGOUIN
from exprstats.report.analysis import Analysis
from exprstats.report.methods.citations import Told, find_r_year
from exprstats.report.sections.coefficients import (
    CLUSTERED,
    FAMILIES,
    INDEPENDENT,
    find_family,
    knows_subjects,
)
from exprstats.report.sections.consistency import warn_of_misfit
from exprstats.report.sections.data import say_ratings
from exprstats.report.sections.descriptives import find_odd_shapes
from exprstats.report.sections.features import read_shares
from exprstats.report.sections.measurement import name_estimator, select_shown, tell_jackknife
from exprstats.report.sections.reliability import is_crossed
from exprstats.report.sections.scores import name_term, pick_reliability
from exprstats.study.settings import OpenfaceSettings

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.descriptives import MeanComparison

_CLASSIC = ("1", "A")  # families of McGraw and Wong (1996)
_WHY = {
    "1": "raters differed from clip to clip and ",
    "A": "differences in severity between raters count as error and ",
    "clip": "clips of one subject may be alike and ",
}
_MOVING = {
    "points": "68 facial landmarks ({unit}, averaged over landmarks)",
    "gaze": "the gaze angles (rad)",
    "head": "the head’s position (mm)",
    "pitch": "the head’s pitch (rad)",
    "yaw": "the head’s yaw (rad)",
    "roll": "the head’s roll (rad)",
}
_UNITS = {
    "au_count": "the mean number of active action units (of 18)",
    "au_intensity": "the mean intensity of the active ones (of 17; 0 where none was active)",
}


def tell_reliability(analysis: Analysis) -> Told:
    """Return which coefficient was estimated, why, and where its interval comes from."""
    if analysis.reliability is None:
        return [], set()
    shown = analysis.reliability.tidy()
    shown = shown[shown["headline"].eq(True)]
    family, methods = find_family(shown), set(shown["method"])
    reml = bool(shown["estimator"].eq("reml").any())
    lmer = reml and analysis.reliability.r_call is not None
    texts = [
        *keep(say_ratings(analysis)),
        *_tell_recoding(analysis),
        say(
            "Inter-rater reliability was estimated{how} with the {named} of the mean of *k* "
            "raters, ICC({family},*k*){source}, because {why}the ratings of a clip were averaged; "
            "*k* was the harmonic mean of the number of raters per clip.",
            how=(" by restricted maximum likelihood" if reml else "")
            + (" in lme4 (Bates et al., 2015)" if lmer else ""),
            named=FAMILIES.get(family, "intraclass correlation"),
            family=family,
            source=" (McGraw & Wong, 1996)" if family in _CLASSIC else "",
            why="" if family == "1" and is_crossed(analysis.reliability) else _WHY.get(family, ""),
        ),
    ]
    level = write_level(analysis.reliability.level)
    if methods & {*CLUSTERED}:
        texts.append(_tell_jackknife(shown, methods, level))
    elif methods & {*INDEPENDENT}:
        told = "Its {level} confidence interval rests on the *F* distribution."
        texts.append(say(told, level=level))
    sources = {"cicchetti"} | ({"mcgraw"} if family in _CLASSIC else set())
    return texts, sources | ({"bates"} if lmer else set())


def _tell_recoding(analysis: Analysis) -> list[Text]:
    """Return how answers were coded and reversed, where the study says so."""
    study = analysis.study
    settings = study.ratings if study else None
    if study is None or settings is None:
        return []
    reading = settings.choose_reading(study.reading)
    found = tell_recoding(reading, settings.reverse, settings.scale)
    return [say("{told}", told=told) for told in found]


def _tell_jackknife(shown: pd.DataFrame, methods: set[Any], level: str) -> Text:
    known = knows_subjects(shown)
    people = "subjects" if known else "clips"
    alone = ", with raters treated as fixed"
    both = {*CLUSTERED} <= methods
    how = ", and over raters where raters were shared between subjects" if known else " and raters"
    if "jackknife" not in methods:
        how = alone
    return say(
        "Its {level} confidence interval comes from a delete-one jackknife over {people}{how}{some}"
        "{so}.",
        level=level,
        people=people,
        how=how,
        some=" (of two raters none can be left out, so that they are treated as fixed)" * both,
        so=", so that clips of one subject need not be independent" * known,
    )


def tell_factor(analysis: Analysis) -> Told:
    """Return how the factor model was fitted, and how clips got their scores."""
    factor = analysis.factor
    if factor is None:
        return [], set()
    rows = name_contexts(factor.tidy())
    items = [str(item) for item in list_levels(rows[rows["term"].eq("loading")], "item")]
    contexts = len(list_levels(rows, "context"))
    full, errors = name_estimator(factor)
    texts = [
        say(
            "{averaged}confirmatory factor model with unit factor variance was fitted to {items} "
            "{clips}by {full}maximum likelihood{where}{how}{errors}{intervals}.",
            full=full,
            errors=errors,
            intervals=tell_jackknife(select_shown(rows), "; "),
            averaged="For each clip, ratings were averaged over raters, and a one-factor "
            if analysis.reliability
            else "A one-factor ",
            items=join_words(items),
            clips=_tell_fitted(rows),
            where=" within each context and over all contexts" if contexts > 1 else "",
            how=_name_engine(factor),
        )
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
    sources |= {"rosseel", "r"} if factor.engine == "lavaan" else set()
    sources |= {"hu"} if warn_of_misfit(select_shown(rows)) else set()
    told, cited = _tell_consistency(rows)
    return [*keep(*texts, *told, _tell_score_reliability(analysis))], sources | cited


def _tell_fitted(rows: pd.DataFrame) -> str:
    """Return how many clips the model of all clips rests on; empty where it has no fit."""
    counts = pick_rows(rows, term="loading", part="all", context=ALL)["n_clips"].dropna()
    return f"of {count_things(counts.max(), 'clip')} " if len(counts) else ""


def _tell_consistency(rows: pd.DataFrame) -> Told:
    """Return how the internal consistency of the items was measured, by which packages."""
    known = rows[rows["term"].isin(["omega", "alpha"]) & rows["estimate"].notna()]
    if known.empty:
        return [], set()
    second = bool(known["method"].eq(PINGOUIN).any())
    told = say(
        "The internal consistency of the items' means was measured by ω, the share of the variance "
        "of the summed items that the factor explains, and by Cronbach's (1951) α{second}.",
        second=", computed with pingouin (Vallat, 2018) as well" if second else "",
    )
    return [told], {"cronbach"} | ({"vallat"} if second else set())


def _tell_score_reliability(analysis: Analysis) -> Text | None:
    """Return what the reliability of the scores is, where it was estimated."""
    shown = pick_reliability(analysis)
    shown = shown[shown["estimate"].notna()]
    if shown.empty:
        return None
    return quote_sentence(
        f"The reliability of the scores was estimated as {name_term(shown)} of the raters' own "
        "scores, their answers weighted as the scores are."
    )


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


def tell_openface(analysis: Analysis) -> Told:
    """Return how features were made from frames, where the study says how."""
    settings = analysis.study.openface if analysis.study else None
    if settings is None:
        return [], set()
    kinds = {"displacement", "velocity"}
    known = [one for one in _list_used(analysis) if one in _UNITS or _split(one)[1] in kinds]
    texts = [
        *keep(
            _say_frames(settings),
            _say_validity(settings),
            _say_motion(known, settings),
            _say_units(known),
        )
    ]
    return [*keep(*texts, _say_kept(analysis))], {"baltrusaitis"}


def _say_frames(settings: OpenfaceSettings) -> Text:
    rules = {
        "nearest": "taking the frame nearest to each moment (within half a step)",
        "mean": "averaging the valid frames of each step (where at least half of them were valid)",
    }
    return say(
        "Faces were tracked with OpenFace (Baltrušaitis et al., 2018) and sampled at {hz} Hz "
        "(steps of {step} s), {rule}{times}; {face}.",
        hz=f"{settings.hz:g}",
        step=f"{1 / settings.hz:.3g}",
        rule=rules[settings.sampling],
        times=""
        if settings.fps is None
        else f" (with times counted at {settings.fps:g} frames per second)",
        face=_name_face(settings),
    )


def _name_face(settings: OpenfaceSettings) -> str:
    if settings.face is None:
        return "a recording had to show one face at a time"
    if settings.face == "largest":
        return "of several faces in a frame, the largest was followed"
    return f"of several faces in a recording, the face with id {settings.face} was followed"


def _say_validity(settings: OpenfaceSettings) -> Text:
    return say(
        "A frame was valid if the tracker reported success with a confidence of at least "
        "{confidence}; clips with fewer than {least} of their moments valid were left out.",
        confidence=write_number(settings.confidence, bounded=True),
        least=write_percent(settings.min_valid),
    )


def _say_motion(known: list[str], settings: OpenfaceSettings) -> Text | None:
    unit = settings.unit
    moving = [text.format(unit=unit) for name, text in _MOVING.items() if _moves(name, known)]
    if not moving:
        return None
    velocity = any(name.endswith("_velocity") for name in known)
    change = "change" if settings.signed else "absolute change"
    faster = (
        f"; velocity is the mean {change} of displacement per second,"
        f"{' with its sign,' if settings.signed else ''} over three valid moments in a row"
        if velocity
        else ""
    )
    return say(
        "Displacement is the mean Euclidean distance (of angles the absolute difference) from "
        "one moment to the next, over pairs of consecutive valid moments{faster}. {measured} "
        "computed for {moving}; no change was counted across a gap or from "
        "one face to another.",
        faster=faster,
        measured="Both were" if velocity else "It was",
        moving=join_words(moving),
    )


def _say_units(known: list[str]) -> Text | None:
    told = [text for name, text in _UNITS.items() if name in known]
    return say("Action units gave {told}.", told=join_words(told)) if told else None


def _say_kept(analysis: Analysis) -> Text | None:
    told = []
    shares = read_shares(analysis)
    if len(shares):
        told.append(f"The median clip had {write_percent(shares.median())} valid moments")
    left = [
        one.rows_in - one.rows_out
        for one in (analysis.provenance.exclusions if analysis.provenance else ())
        if one.stage == "read" and one.table == "clips"
    ]
    if left:
        told.append(f"{count_things(sum(left), 'clip was', 'clips were')} left out")
    return say("{told}.", told="; ".join(told)) if told else None


def _list_used(analysis: Analysis) -> list[str]:
    models = next(iter(analysis.models.values()), None)
    return [] if models is None else [str(name) for name in models.design.features]


def _moves(name: str, known: list[str]) -> bool:
    return any(_split(one)[0] == name for one in known if one not in _UNITS)


def _split(name: str) -> tuple[str, str]:
    first, _, last = name.rpartition("_")
    return (first, last) if first in _MOVING else ("", "")


_MOMENTS = {
    1: "g1 and g2 of the sample's own moments",
    2: "the corrected G1 and G2",
    3: "b1 and b2",
}


def tell_descriptives(analysis: Analysis) -> Told:
    """Return how ratings were described, means compared and features correlated."""
    texts: list[Text] = []
    cited: set[str] = set()
    if analysis.descriptives is not None:
        kind = _MOMENTS[analysis.descriptives.skew_type]
        told = "Skewness and excess kurtosis are {kind} (Joanes & Gill, 1998)."
        texts.append(say(told, kind=kind))
        cited |= {"joanes"}
        cited |= set() if find_odd_shapes(analysis.descriptives.table).empty else {"curran"}
    if analysis.means is not None and not analysis.means.tests.empty:
        told, sources = _tell_means(analysis.means)
        texts += told
        cited |= sources
    if analysis.feature_correlations is not None:
        texts.append(
            say(
                "Features were correlated with {target} between people (Pearson’s *r* of their "
                "means) and within people (repeated-measures correlation; Bakdash & Marusich, "
                "2017), with intervals from a jackknife over people and *p* adjusted after Holm "
                "(1979).",
                target=analysis.feature_correlations.target,
            )
        )
        cited |= {"bakdash", "holm"}
    return texts, cited


def _tell_means(found: MeanComparison) -> Told:
    """Return the analysis of variance that the design asked for, and what stands beside it."""
    cited = {"holm", "vallat"}
    corrected = bool(found.tests["p_corrected"].notna().any())
    if found.design in {"repeated", "mixed"}:
        kind = "a repeated-measures" if found.design == "repeated" else "a mixed"
        how = f"{kind} analysis of variance with generalized η² (Olejnik & Algina, 2003)"
        how += (
            " and degrees of freedom corrected by ε (Greenhouse & Geisser, 1959)"
            if corrected
            else ""
        )
        cited |= {"olejnik"} | ({"greenhouse"} if corrected else set())
        tests = "paired *t* tests"
    else:
        how, tests = "a one-way analysis of variance and Welch’s test", "Welch’s *t* tests"
    unit = "contexts" if found.by else "people"
    start = "Each person’s clips were averaged within {unit}, and these means compared by {how} "
    told = (
        f"{start}and by {tests} adjusted after Holm (1979), with pingouin (Vallat, 2018). Beside "
        "them stand differences of the means of all clips, with intervals from a delete-one "
        "jackknife over people."
    )
    return [say(told, unit=unit, how=how)], cited
