"""Methods of descriptives: moments, analysis of variance of people's means, correlations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.document.text import Text, say
from exprstats.report.analysis import Analysis
from exprstats.report.methods.citations import Told
from exprstats.report.sections.descriptives import find_odd_shapes

if TYPE_CHECKING:
    from exprstats.descriptives import MeanComparison

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
