"""The methods paragraph of a comparison, with its references."""

from __future__ import annotations

from collections.abc import Sequence

from exprstats.apa import write_count, write_level
from exprstats.contracts import check_kind
from exprstats.document.text import join_words
from exprstats.inference.calibration import Calibration
from exprstats.inference.comparison.contexts import ContextComparison
from exprstats.inference.comparison.equivalence import Equivalence
from exprstats.inference.comparison.models import Comparison
from exprstats.inference.comparison.permutation import Permutation
from exprstats.inference.comparison.precision import Precision
from exprstats.inference.comparison.regression import OLS, REPEATED
from exprstats.inference.comparison.training import VarianceSplit
from exprstats.inference.comparison.wording import (
    RATERS,
    describe_folds,
    label_metric,
    name_clusters,
    write_alpha,
    write_range,
    write_size,
)

_Told = Equivalence | Permutation | ContextComparison | VarianceSplit | Calibration
Companion = _Told | Precision

_INTERVALS = {
    "percentile": "percentile intervals (Davison & Hinkley, 1997)",
    "expanded": "percentile intervals with levels expanded for few clusters (Hesterberg, 2015)",
    "jackknife": "t intervals and tests from the delete-one-cluster jackknife (Tukey, 1958)",
    RATERS: "for raters those of a jackknife that leaves out clusters and raters "
    "(Cameron et al., 2011)",
    "basic": "basic bootstrap intervals (Davison & Hinkley, 1997)",
    "bca": "BCa intervals (Efron, 1987)",
    "t": "symmetric bootstrap-t intervals (Hall, 1988)",
}


def describe_methods(comparison: Comparison, *companions: Companion) -> str:
    """Return a paragraph for a methods section.

    Parameters
    ----------
    comparison
        What was resampled, how, and how it was tested.
    companions
        What else was done with the same predictions: the results of `judge_equivalence`,
        `permute_models`, `compare_contexts`, `plan_precision` and `split_variance`.

    Returns
    -------
    str
        What was measured, resampled, tested and planned, with the references it rests on.

    Raises
    ------
    OptionError
        If the first argument is no result of `compare_models`.

    Examples
    --------
    >>> import pandas as pd
    >>> from exprstats.inference import compare_models
    >>> table = pd.DataFrame({
    ...     "clip": [str(i) for i in range(12)] * 2,
    ...     "subject": [f"s{i // 2}" for i in range(12)] * 2,
    ...     "model": ["good"] * 12 + ["poor"] * 12,
    ...     "truth": [float(i) for i in range(12)] * 2,
    ...     "prediction": [i + 0.5 for i in range(12)] + [3.0, 1.0, 2.0] * 4,
    ... })
    >>> versus = compare_models(table, metrics="rmse", draws=200, seed=1)
    >>> describe_methods(versus).split(". ")[0]
    'The performance of 2 models (good, poor) was measured by RMSE'
    """
    check_kind(comparison, Comparison, "comparison", "compare_models")
    table = comparison.table
    used = [str(method) for method in table.loc[table["headline"], "method"].unique()]
    intervals = f"{write_level(comparison.level)} {' and '.join(_INTERVALS[one] for one in used)}"
    drawn = f"{describe_resampling(comparison)} We report {intervals}."
    texts = [_describe_models(comparison), drawn]
    texts += [describe_folds(comparison.samples)] if comparison.folds is not None else []
    texts += [_describe_tests(comparison)] if comparison.table["versus"].notna().any() else []
    plans = [one for one in companions if isinstance(one, Precision)]
    others = [one for one in companions if not isinstance(one, Precision)]
    texts += [_describe_companion(one, comparison.cluster) for one in others]
    texts += [_describe_plans(plans, comparison.cluster)] if plans else []
    return " ".join(texts)


def _describe_models(comparison: Comparison) -> str:
    samples, cluster = comparison.samples, comparison.cluster
    metrics = list(dict.fromkeys(sample.metric.label for sample in samples))
    labels = [name_clusters(label, cluster) for label in metrics]
    models = list(dict.fromkeys(model for sample in samples for model in sample.models))
    count = f"{write_count(len(models))} model{'s' * (len(models) > 1)}"
    return f"The performance of {count} ({', '.join(models)}) was measured by {join_words(labels)}."


def describe_resampling(comparison: Comparison) -> str:
    """Return the sentence on what was resampled, and why; a report's paragraph has it too."""
    table, cluster = comparison.table, comparison.cluster
    groups = write_range(sample.n_clusters for sample in comparison.samples)
    start = f"Because rows of one {cluster} are not independent, "
    whole = f"whole clusters ({groups}, by {cluster})"
    strata = "" if comparison.strata is None else f" within strata ({comparison.strata})"
    if set(table["method"]) - {OLS, RATERS, REPEATED} == {"jackknife"}:
        return f"{start}{whole} were left out one at a time{strata}."
    second = ""
    if comparison.scheme == "two-stage":
        second = ", and then rows of each drawn cluster (Davison & Hinkley, 1997, §3.8),"
    jackknife = (table["headline"] & table["method"].eq("jackknife")).any()
    left = ", and left out one at a time" if jackknife else ""
    return (
        f"{start}{whole} were resampled with replacement{strata}{second} in "
        f"{write_count(comparison.draws)} draws, the same for all models (Field & Welsh, 2007)"
        f"{left}."
    )


def _describe_tests(comparison: Comparison) -> str:
    holm = "p values of differences are adjusted for their number within metric (Holm, 1979)."
    if comparison.compat == "mlboot":
        return (
            "p values are those of the R package mlboot: twice the smaller share of draws beyond "
            f"0, for scores as for differences. {holm}"
        )
    used = comparison.table.loc[comparison.table["headline"], "method"]
    if used.isin({"percentile", "expanded", "basic"}).any():
        counted = "Bootstrap p values are two-sided and count the sample as a draw"
        return f"{counted} (Davison & Hinkley, 1997, §4.4). {holm}"
    return holm


def _describe_companion(companion: _Told, cluster: str) -> str:
    if isinstance(companion, Equivalence):
        return _describe_equivalence(companion, cluster)
    if isinstance(companion, Permutation):
        return _describe_swaps(companion)
    if isinstance(companion, Calibration):
        return describe_calibrating(companion)
    if isinstance(companion, VarianceSplit):
        runs = write_count(int(companion.table["n_runs"].min()))
        return (
            f"Variance from training was the variance over {runs} training runs ("
            f"{companion.run}), and variance from test {companion.cluster}s that of the jackknife "
            "of their mean."
        )
    return _describe_contexts(companion)


def _describe_contexts(result: ContextComparison) -> str:
    """Return the sentence on contexts, by the methods of the headline rows."""
    headline = result.table[result.table["headline"]]
    used, clusters = set(headline["method"]), f"{result.cluster}s"
    ways = []
    if "jackknife" in used:
        # Clusters of both contexts alone have one less than their number.
        own = headline["df"].sub(headline["n_clusters"] - 1).abs().gt(1e-9).any()
        welch = ", with Welch's (1947) degrees of freedom" if own else ""
        ways.append(f"leave out one of the {clusters} at a time, from every context{welch}")
    if used - {"jackknife"}:
        ways.append(f"rest on draws of {clusters} that bring their rows in every context")
    return (
        f"Intervals of differences between contexts {', or '.join(ways)}; p values are adjusted "
        "for their number within metric (Holm, 1979)."
    )


def describe_calibrating(result: Calibration) -> str:
    """Return the sentence on calibration; a report's paragraph has it too."""
    clusters = f"{result.cluster}s"
    return (
        f"Calibration was described by the slope of the truth on the predictions (Cox, 1958) and "
        f"by their bias, with t intervals from a jackknife over {clusters}; limits for clips of "
        f"new {clusters} are hierarchical conformal ones (Lee et al., 2023)."
    )


def _describe_equivalence(result: Equivalence, cluster: str) -> str:
    margins = result.table.drop_duplicates("metric")[["metric", "margin"]]
    named = [
        f"±{write_size(str(row['metric']), row['margin'], result.metrics)} ("
        f"{name_clusters(label_metric(str(row['metric']), result.metrics), cluster)})"
        for _, row in margins.iterrows()
    ]
    alpha = write_alpha(result.alpha)
    return (
        f"Equivalence within {join_words(named)} was tested by two one-sided tests at α = {alpha} "
        "each (Schuirmann, 1987), adjusted for their number (Holm, 1979)."
    )


def _describe_swaps(result: Permutation) -> str:
    counts = result.table.drop_duplicates("draws")["draws"]
    most, groups = int(counts.max()), int(result.table["n_clusters"].max())
    every = groups < 63 and most == 2**groups
    swaps = f"all {write_count(most)} swaps" if every else f"{write_count(most - 1)} random swaps"
    return (
        f"A second p comes from {swaps} of two models' predictions within {result.cluster}s "
        "(permutation test; Good, 2005)."
    )


def _describe_plans(plans: Sequence[Precision], cluster: str) -> str:
    widths = [
        f"{write_size(str(metric), plan.width, plan.metrics)} "
        f"({name_clusters(label_metric(str(metric), plan.metrics), cluster)})"
        for plan in plans
        if plan.width is not None
        for metric in plan.table["metric"].unique()
    ]
    wanted = f" for intervals of width {join_words(widths)}" if widths else ""
    pilot = write_range(plans[0].table["pilot"])
    text = f"Numbers of clusters{wanted} were planned by drawing studies of other sizes from these "
    return name_clusters(f"{text}{pilot} clusters.", cluster)
