"""Words that comparisons share, in APA style."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from exprstats.inference.metrics import list_metrics
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
