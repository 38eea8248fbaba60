"""Words that comparisons share, in APA style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from exprstats.inference.metrics import Metric, Printed, list_metrics
from exprstats.numerals import (
    write_count,
    write_interval,
    write_level,
    write_number,
)

METHOD_WORDS: dict[str, str] = {
    "percentile": "percentile intervals of the cluster bootstrap",
    "jackknife": "jackknife-t intervals over clusters",
    "basic": "basic intervals of the cluster bootstrap",
    "bca": "BCa intervals of the cluster bootstrap",
    "t": "symmetric bootstrap-t intervals over clusters",
}


def label_metric(name: str, metrics: Sequence[Printed] = ()) -> str:
    """Return how a metric is printed; its name where it is neither given nor known."""
    metric = _find_metric(name, metrics)
    return name if metric is None else metric.label


def is_bounded(name: str, metrics: Sequence[Printed] = ()) -> bool:
    """Return whether a metric cannot exceed 1 in size; not where it is neither given nor known."""
    metric = _find_metric(name, metrics)
    return metric is not None and metric.bounded


def _find_metric(name: str, metrics: Sequence[Printed]) -> Printed | Metric | None:
    own = {metric.name: metric for metric in metrics}
    return own.get(name) or list_metrics().get(name)


def write_value(metric: str, *values: float, metrics: Sequence[Printed] = ()) -> str:
    """Return a value, or the two limits of an interval, of a metric in APA style."""
    bounded = is_bounded(metric, metrics)
    if len(values) == 1:
        return write_number(values[0], 3, bounded=bounded)
    return write_interval(values[0], values[1], 3, bounded=bounded)


def write_size(metric: str, size: float, metrics: Sequence[Printed] = ()) -> str:
    """Return a margin or width that somebody chose, with the decimals it needs.

    Examples
    --------
    >>> write_size("correlation", 0.05), write_size("rmse", 0.125), write_size("rmse", 2.0)
    ('.05', '0.125', '2')
    """
    decimals = len(f"{size:.10f}".rstrip("0").partition(".")[2])
    return write_number(size, decimals, bounded=is_bounded(metric, metrics))


def name_place(row: pd.Series) -> str:
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


def join_words(words: Sequence[str]) -> str:
    """Return a list in words.

    Examples
    --------
    >>> join_words(["calm"]), join_words(["calm", "pain"]), join_words(["a", "b", "c"])
    ('calm', 'calm and pain', 'a, b, and c')
    """
    if len(words) < 3:
        return " and ".join(words)
    return f"{', '.join(words[:-1])}, and {words[-1]}"


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
    return f"{'; '.join(texts)} ({' and '.join(used)}, {groups} clusters: {cluster})."
