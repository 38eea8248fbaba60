"""Sentences of comparisons in APA style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from exprstats.apa import (
    count_things,
    tell_p,
    write_count,
    write_interval,
    write_level,
    write_number,
)
from exprstats.document.text import join_words
from exprstats.inference.metrics import list_metrics
from exprstats.inference.metrics.metric import Metric, PrintedMetric
from exprstats.inference.resampling.samples import Sample
from exprstats.inference.resampling.summaries import FEW_CLUSTERS

RATERS = "jackknife_raters"  # subjects are left out, and raters
METHOD_WORDS: dict[str, str] = {
    "percentile": "percentile intervals of the cluster bootstrap",
    "expanded": "expanded percentile intervals of the cluster bootstrap",
    "jackknife": "jackknife-t intervals over clusters",
    RATERS: "jackknife-t intervals over clusters and raters",
    "basic": "basic intervals of the cluster bootstrap",
    "bca": "BCa intervals of the cluster bootstrap",
    "t": "symmetric bootstrap-t intervals over clusters",
}
# A paragraph that says more than this is a table, and there is one.
_MOST_DIFFERENCES = 6
_MOST_METRICS = 4
_MOST_CONTEXTS = 6
_FEW = 2
ADJUSTED = "p values are adjusted (Holm)"
_BEST = {"higher": "highest", "lower": "lowest", "zero": "closest to 0", "one": "closest to 1"}


def label_metric(name: str, metrics: Sequence[PrintedMetric] = ()) -> str:
    """Return how a metric is printed; its name where it is neither given nor known."""
    metric = _find_metric(name, metrics)
    return name if metric is None else metric.label


def is_bounded(name: str, metrics: Sequence[PrintedMetric] = ()) -> bool:
    """Return whether a metric cannot exceed 1 in size; not where it is neither given nor known."""
    metric = _find_metric(name, metrics)
    return metric is not None and metric.bounded


def _find_metric(name: str, metrics: Sequence[PrintedMetric]) -> PrintedMetric | Metric | None:
    own = {metric.name: metric for metric in metrics}
    return own.get(name) or list_metrics().get(name)


def write_metric(metric: str, *values: float, metrics: Sequence[PrintedMetric] = ()) -> str:
    """Return a value, or the two limits of an interval, of a metric in APA style."""
    bounded = is_bounded(metric, metrics)
    if len(values) == 1:
        return write_number(values[0], 3, bounded=bounded)
    return write_interval(values[0], values[1], 3, bounded=bounded)


def write_size(metric: str, size: float, metrics: Sequence[PrintedMetric] = ()) -> str:
    """Return a margin or width that somebody chose, with the decimals it needs.

    Examples
    --------
    >>> write_size("correlation", 0.05), write_size("rmse", 0.125), write_size("rmse", 2.0)
    ('.05', '0.125', '2')
    """
    decimals = len(f"{size:.10f}".rstrip("0").partition(".")[2])
    return write_number(size, decimals, bounded=is_bounded(metric, metrics))


def tell_place(row: pd.Series) -> str:
    """Return where a row was measured, for a sentence; nothing for pooled rows."""
    return "" if pd.isna(row["context"]) else f" in {row['context']}"


def write_range(counts: Iterable[int]) -> str:
    """Return a count, or the smallest and largest of several.

    Examples
    --------
    >>> write_range([28, 28]), write_range([30, 28, 1040])
    ('28', '28 to 1,040')
    """
    found = sorted(counts)
    return " to ".join(write_count(count) for count in dict.fromkeys((found[0], found[-1])))


def write_alpha(alpha: float) -> str:
    """Return an error rate without zeros at its end.

    Examples
    --------
    >>> write_alpha(1 - 0.95), write_alpha(0.001)
    ('.05', '.001')
    """
    return write_number(alpha, 4, bounded=True).rstrip("0")


def name_clusters(text: str, cluster: str) -> str:
    """Return a text with clusters called subjects, where they are.

    Examples
    --------
    >>> name_clusters("r between clusters", "subject"), name_clusters("28 clusters", "dyad")
    ('r between subjects', '28 clusters')
    """
    return text.replace("cluster", "subject") if cluster == "subject" else text


def cut_texts(texts: Sequence[str], most: int = 6) -> list[str]:
    """Return the first texts, and how many more the table holds.

    Examples
    --------
    >>> cut_texts(["a", "b", "c"], 2)
    ['a', 'b', '1 more in the table']
    """
    more = len(texts) - most
    return [*texts[:most], *([f"{write_count(more)} more in the table"] if more > 0 else [])]


def describe_bootstrap(table: pd.DataFrame, cluster: str, metric: Metric | None = None) -> str:
    """Return each term with its headline interval, then how intervals were made."""
    printed = table[table["headline"].to_numpy(bool)]
    level = write_level(float(table["level"].iloc[0]))
    bounded = metric is not None and metric.bounded
    texts = []
    for _, row in printed.iterrows():
        label = row["term"] if metric is None else name_clusters(metric.label, cluster)
        number = write_number(row["estimate"], 3, bounded=bounded)
        limits = write_interval(row["conf_low"], row["conf_high"], 3, bounded=bounded)
        texts.append(f"{label} = {number}, {level} CI {limits}")
    used = [METHOD_WORDS[str(method)] for method in printed["method"].unique()]
    groups = write_count(int(table["n_clusters"].iloc[0]))
    text = f"{'; '.join(texts)} ({' and '.join(used)}, {groups} clusters: {cluster})."
    return " ".join([text, *describe_few(int(table["n_clusters"].iloc[0]), cluster)])


@dataclass(frozen=True, slots=True)
class _Story:
    """What all sentences of one comparison share."""

    rows: pd.DataFrame
    against: str | None
    cluster: str
    level: float
    room: int

    def find_rows(self, sample: Sample) -> pd.DataFrame:
        mine = self.rows[self.rows["metric"] == sample.metric.name]
        context = mine["context"]
        here = context.isna() if sample.context is None else context == sample.context
        return mine[here.to_numpy(bool)]


def describe_comparison(
    samples: Sequence[Sample], table: pd.DataFrame, against: str | None, cluster: str
) -> str:
    """Return a paragraph: the pool in full, each metric's contexts in one sentence, the method."""
    printed = table[table["headline"].to_numpy(bool)]
    pooled = [sample for sample in samples if sample.context is None]
    parts = [sample for sample in samples if sample.context is not None]
    metrics = list(dict.fromkeys(sample.metric.name for sample in samples))
    told = metrics[:_MOST_METRICS]
    level = float(table["level"].iloc[0])
    room = max(_MOST_DIFFERENCES // len(told), 1)
    story = _Story(printed, None if against is None else str(against), cluster, level, room)
    full, brief = (pooled, parts) if pooled or len(parts) > _FEW else (parts, [])
    texts = []
    for sample in full:
        if sample.metric.name in told:
            same = sample.context is None and bool(texts) and sample.active is full[0].active
            texts.append(_describe_sample(story, sample, same=same))
    for name in told:
        mine = [sample for sample in brief if sample.metric.name == name]
        texts += [_describe_contexts(story, mine)] if mine else []
    used = [METHOD_WORDS[str(method)] for method in printed["method"].unique()]
    adjusted = f"; {ADJUSTED}" if printed["versus"].notna().any() else ""
    if printed["conf_low"].notna().any():
        how = " and ".join(used)
        texts.append(f"Intervals are {write_level(level)} {how} ({cluster}){adjusted}.")
        texts += describe_few(
            int(printed.loc[printed["conf_low"].notna(), "n_clusters"].min()), cluster
        )
    rest = len(metrics) - len(told)
    if rest:
        texts.append(
            f"{write_count(rest)} more metric{'s are' if rest > 1 else ' is'} in the table."
        )
    return " ".join(texts)


def describe_few(count: int, cluster: str, freedom: Sequence[float] = ()) -> list[str]:
    """Return a sentence on intervals of few clusters, where they are few.

    ``count`` is that of the smallest sample, ``cluster`` what they are called; intervals may have
    degrees of freedom that are not one less.

    Examples
    --------
    >>> describe_few(3, "subject"), describe_few(28, "subject")
    (['With only 3 subjects, intervals rest on 2 degrees of freedom and are wide.'], [])
    >>> describe_few(6, "dyad", [5.448, 7.21, 60])
    ['With only 6 dyads, intervals rest on 5.45 to 60 degrees of freedom and are wide.']
    """
    if count >= FEW_CLUSTERS:
        return []
    found = sorted(freedom) or [count - 1]
    rest = " to ".join(dict.fromkeys(f"{found[end]:.3g}" for end in (0, -1)))
    text = name_clusters(f"With only {count} clusters", cluster)
    text = text if cluster == "subject" else text.replace("clusters", f"{cluster}s")
    return [f"{text}, intervals rest on {rest} degrees of freedom and are wide."]


def describe_folds(samples: Sequence[Sample]) -> str:
    """Return what was measured within folds, and why."""
    labels = list(dict.fromkeys(sample.metric.label for sample in samples if sample.folds))
    if not labels:
        return "Errors and shares are those of all folds together."
    count = write_range(sample.folds for sample in samples if sample.folds)
    return (
        f"{join_words(labels)} {'is' if len(labels) == 1 else 'are'} measured within folds "
        f"({count}) and averaged; because folds share training clusters, the variance over "
        "clusters was doubled."
    )


def _describe_sample(story: _Story, sample: Sample, *, same: bool) -> str:
    rows = story.find_rows(sample)
    scores, label = rows[rows["versus"].isna()], name_clusters(sample.metric.label, story.cluster)
    count = count_things(sample.n_clusters, name_clusters("cluster", story.cluster))
    size = f"{count_things(sample.n_clips, 'clip')}, {count}"
    score = _find_score(sample.metric, scores, story.against)
    place = "Over all clips" if sample.context is None else f"In {sample.context}"
    start = "Over the same clips" if same else f"{place} ({size})"
    if score is None:
        whose = "" if story.against is None else f" of {story.against}"
        return f"{start}, {label}{whose} is not defined."
    model = str(score["model"])
    number, limits = _write_row(sample.metric, score)
    start += f", {model} had {label} = {number}"
    if pd.isna(score["conf_low"]):
        start += f" ({name_clusters(str(score['note']).split('; ')[0], story.cluster)})"
    else:
        start += f", {write_level(story.level)} CI {limits}"
    versus = rows[rows["versus"].notna() & rows["estimate"].notna()]
    versus = versus[(versus["model"] == model) | (versus["versus"] == model)]
    shown = [
        name_clusters(_describe_difference(sample.metric, row, model), story.cluster)
        for _, row in versus.head(story.room).iterrows()
    ]
    rest = versus.iloc[story.room :]["p_adjusted"]
    if len(rest):
        sure = write_count(int((rest < 1 - story.level).sum()))
        others = f"{write_count(len(rest))} other differences"
        shown.append(f"p < {write_alpha(1 - story.level)} for {sure} of {others}")
    return f"{start}: {'; '.join(shown)}." if shown else f"{start}."


def _describe_contexts(story: _Story, samples: Sequence[Sample]) -> str:
    """Return one sentence about a metric in all contexts."""
    metric = samples[0].metric
    places: dict[str, list[tuple[str, str]]] = {}
    undefined, sure, tested = [], 0, 0
    for sample in samples:
        rows = story.find_rows(sample)
        score = _find_score(metric, rows[rows["versus"].isna()], story.against)
        if score is None:
            undefined.append(str(sample.context))
            continue
        model = str(score["model"])
        number = write_number(score["estimate"], 3, bounded=metric.bounded)
        places.setdefault(model, []).append((str(sample.context), number))
        versus = rows[(rows["model"] == model) | (rows["versus"] == model)]
        p_values = versus.loc[versus["versus"].notna(), "p_adjusted"].dropna()
        sure, tested = sure + int((p_values < 1 - story.level).sum()), tested + len(p_values)
    label = name_clusters(metric.label, story.cluster)
    if not places:
        return f"In no single context is {label} defined."
    named = story.against is not None or all(len(sample.models) == 1 for sample in samples)
    chosen = "" if named else _BEST.get(metric.direction, "")
    text = f"By context, {label} {_list_places(places, chosen)}"
    if undefined:
        more = len(undefined) - _MOST_CONTEXTS
        told = [*undefined[:_MOST_CONTEXTS], *[f"{write_count(more)} more"] * (more > 0)]
        text += f", and not defined in {join_words(told)}"
    if tested:
        alpha, count = write_alpha(1 - story.level), write_count(tested)
        whose = (
            f"its {count} differences" if len(places) == 1 else f"{count} differences from these"
        )
        text += f"; p < {alpha} for {write_count(sure)} of {whose}"
    return f"{text}."


def _list_places(places: dict[str, list[tuple[str, str]]], chosen: str) -> str:
    """Return where a metric was how high, for the best models or the one asked about."""
    texts = []
    for model, found in places.items():
        forms = ("{0} ({1})", f"for {model}") if chosen else ("{1} in {0}", f"of {model} was")
        named = [forms[0].format(*one) for one in found[:_MOST_CONTEXTS]]
        more = len(found) - len(named)
        named += [f"{write_count(more)} more"] if more else []
        texts.append(f"{forms[1]}{' in' if chosen else ''} {join_words(named)}")
    return f"was {chosen} {' and '.join(texts)}" if chosen else join_words(texts)


def _find_score(metric: Metric, scores: pd.DataFrame, against: str | None) -> pd.Series | None:
    """Return the row of the reference model, or of the best one; None where it is undefined."""
    defined = scores[scores["estimate"].notna()]
    if against is not None:
        defined = defined[defined["model"] == against]
    if len(defined) == 0:
        return None
    values = defined["estimate"]
    keys = {"higher": values, "lower": -values, "zero": -values.abs(), "unknown": 0 * values}
    keys["one"] = -(values - 1).abs()
    return defined.iloc[int(keys[metric.direction].to_numpy().argmax())]


def _write_row(metric: Metric, row: pd.Series, sign: int = 1) -> tuple[str, str]:
    low, high = sorted((sign * row["conf_low"], sign * row["conf_high"]))
    return (
        write_number(sign * row["estimate"], 3, bounded=metric.bounded),
        write_interval(low, high, 3, bounded=metric.bounded),
    )


def _describe_difference(metric: Metric, row: pd.Series, model: str) -> str:
    sign = 1 if row["model"] == model else -1
    other = row["versus"] if sign == 1 else row["model"]
    number, limits = _write_row(metric, row, sign)
    if pd.isna(row["conf_low"]):
        none = f"no difference from {other} in any cluster"
        return none if row["estimate"] == 0 else f"difference from {other} {number} (no interval)"
    return f"difference from {other} {number}, {limits}, p {tell_p(row['p_adjusted'])}"
