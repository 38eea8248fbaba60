"""Comparisons in words, in APA style."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from exprstats.inference.metrics import Metric, list_metrics
from exprstats.inference.samples import Sample
from exprstats.numerals import write_count, write_interval, write_level, write_number, write_p

if TYPE_CHECKING:
    from exprstats.inference.comparison import Comparison

METHOD_WORDS: dict[str, str] = {
    "percentile": "percentile intervals of the cluster bootstrap",
    "jackknife": "jackknife-t intervals over clusters",
    "basic": "basic intervals of the cluster bootstrap",
    "bca": "BCa intervals of the cluster bootstrap",
    "t": "symmetric bootstrap-t intervals over clusters",
}


def label_metric(name: str) -> str:
    """Return how a metric is printed; its name where it is a user's own."""
    known = list_metrics()
    return known[name].label if name in known else name


def write_value(metric: str, *values: float) -> str:
    """Return a value, or the two limits of an interval, of a metric in APA style."""
    known = list_metrics()
    bounded = metric in known and known[metric].bounded
    if len(values) == 1:
        return write_number(values[0], 3, bounded=bounded)
    return write_interval(values[0], values[1], 3, bounded=bounded)


def equal_p(p_value: float) -> str:
    """Return "p = .042" or "p < .001"."""
    text = write_p(p_value)
    return f"p {text}" if text[0] in "<>" else f"p = {text}"


def describe_comparison(
    samples: Sequence[Sample], table: pd.DataFrame, against: str | None, cluster: str
) -> str:
    """Return a sentence or two for each context and metric, then how intervals were made."""
    printed = table[table["headline"].to_numpy(bool)]
    texts = []
    for sample in samples:
        mine = printed[printed["metric"] == sample.metric.name]
        context = mine["context"]
        here = context.isna() if sample.context is None else context == sample.context
        texts.append(_describe_sample(sample, mine[here.to_numpy(bool)], against))
    used = [str(method) for method in printed["method"].unique()]
    methods = " and ".join([METHOD_WORDS[method] for method in used])
    level = write_level(float(table["level"].iloc[0]))
    return f"{' '.join(texts)} Intervals are {level} {methods} ({cluster})."


_METHOD_TEXTS = {
    "percentile": (
        "percentile intervals and two-sided bootstrap p values that count the sample as a draw "
        "(Davison & Hinkley, 1997)"
    ),
    "jackknife": "t intervals and tests from the delete-one-cluster jackknife (Tukey, 1958)",
    "basic": "basic bootstrap intervals (Davison & Hinkley, 1997)",
    "t": "symmetric bootstrap-t intervals (Hall, 1988)",
}


def describe_methods(comparison: Comparison) -> str:
    """Return a paragraph for a methods section: what was resampled, how, and how it was tested."""
    samples, table, cluster = comparison.samples, comparison.table, comparison.cluster
    labels = list(dict.fromkeys(sample.metric.label for sample in samples))
    models = list(dict.fromkeys(model for sample in samples for model in sample.models))
    counts = sorted({sample.n_clusters for sample in samples})
    groups = " to ".join(write_count(count) for count in dict.fromkeys((counts[0], counts[-1])))
    used = [str(method) for method in table.loc[table["headline"], "method"].unique()]
    level = write_level(float(table["level"].iloc[0]))
    text = (
        f"The performance of {write_count(len(models))} models ({', '.join(models)}) was measured "
        f"by {' and '.join(labels)}. Because rows of one {cluster} are not independent, whole "
        f"clusters ({groups}, by {cluster}) were resampled with replacement in "
        f"{write_count(comparison.draws)} draws, the same for all models (Field & Welsh, 2007). "
        f"We report {level} {' and '.join(_METHOD_TEXTS[method] for method in used)}."
    )
    if table["versus"].notna().any():
        text += " p values of differences are adjusted for their number within metric (Holm, 1979)."
    return text


def describe_bootstrap(table: pd.DataFrame, cluster: str) -> str:
    """Return each term with its headline interval, then how intervals were made."""
    printed = table[table["headline"].to_numpy(bool)]
    level = write_level(float(table["level"].iloc[0]))
    texts = [
        f"{row['term']} = {write_number(row['estimate'], 3)}, {level} CI "
        f"{write_interval(row['conf_low'], row['conf_high'], 3)}"
        for _, row in printed.iterrows()
    ]
    method = METHOD_WORDS[str(printed["method"].iloc[0])]
    groups = write_count(int(table["n_clusters"].iloc[0]))
    return f"{'; '.join(texts)} ({method}, {groups} clusters: {cluster})."


def _describe_sample(sample: Sample, rows: pd.DataFrame, against: str | None) -> str:
    scores = rows[rows["versus"].isna()]
    place = "over all clips" if sample.context is None else f"in {sample.context}"
    size = f"{write_count(sample.n_clips)} clips, {write_count(sample.n_clusters)} clusters"
    model = against or _find_best(sample.metric, scores)
    if model is None:
        return f"{sample.metric.label} is not defined {place} ({size})."
    score = scores[scores["model"] == model].iloc[0]
    if pd.isna(score["estimate"]):
        return f"{sample.metric.label} of {model} is not defined {place} ({size})."
    start = f"{place[0].upper()}{place[1:]} ({size}), {model} had {_write_term(sample, score)}"
    versus = [
        _describe_difference(sample.metric, row, model)
        for _, row in rows[rows["versus"].notna()].iterrows()
        if model in {row["model"], row["versus"]} and pd.notna(row["estimate"])
    ]
    return f"{start}: {'; '.join(versus)}." if versus else f"{start}."


def _find_best(metric: Metric, scores: pd.DataFrame) -> str | None:
    defined = scores[scores["estimate"].notna()]
    if len(defined) == 0:
        return None
    if metric.direction == "unknown":
        return str(defined["model"].iloc[0])
    values = defined["estimate"]
    best = {"higher": values, "lower": -values, "zero": -values.abs()}[metric.direction]
    return str(defined["model"].iloc[int(best.to_numpy().argmax())])


def _write_term(sample: Sample, row: pd.Series) -> str:
    bounded = sample.metric.bounded
    number = write_number(row["estimate"], 3, bounded=bounded)
    limits = write_interval(row["conf_low"], row["conf_high"], 3, bounded=bounded)
    return f"{sample.metric.label} = {number}, {write_level(row['level'])} CI {limits}"


def _describe_difference(metric: Metric, row: pd.Series, model: str) -> str:
    sign = 1 if row["model"] == model else -1
    other = row["versus"] if sign == 1 else row["model"]
    low, high = sorted((sign * row["conf_low"], sign * row["conf_high"]))
    number = write_number(sign * row["estimate"], 3, bounded=metric.bounded)
    limits = write_interval(low, high, 3, bounded=metric.bounded)
    return f"difference from {other} {number}, {limits}, {equal_p(row['p_adjusted'])} (Holm)"
