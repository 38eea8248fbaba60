"""The design of ratings in words for a paper."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exprstats.numerals import count_things, write_count, write_number

_KINDS = {
    "crossed": "every rater rated every clip (fully crossed)",
    "one-way": "every rating comes from a rater of its own (one-way)",
    "raters nested in subjects": "each rater rated clips of one subject only (nested)",
    "mixed": "some raters rated clips of one subject only, others of several (mixed)",
    "partly crossed": "raters share clips without rating all of them (partly crossed)",
    "crossed in blocks": "raters and clips form {blocks} sets that share nothing",
}


def describe_links(table: pd.DataFrame, *, advised: bool) -> str:
    """Return the pooled rows of a design's table in words; items that share a design, together.

    Parameters
    ----------
    table
        The table of a `Design`.
    advised
        Whether the coefficient to report is told as well.
    """
    texts: dict[str, list[str]] = {}
    for row in table[table["context"].isna()].drop(columns="context").to_dict("records"):
        advice = f" {_advise(row)}" if advised else ""
        texts.setdefault(f"{_write_design(row)}{advice}", []).append(row["item"])
    if len(texts) == 1:
        return next(iter(texts))
    return " ".join(f"{', '.join(items)}: {text}" for text, items in texts.items())


def _write_design(row: dict[Any, Any]) -> str:
    subjects = (
        "" if pd.isna(row["n_subjects"]) else f" of {write_count(row['n_subjects'])} subjects"
    )
    least, most = row["raters_min"], row["raters_max"]
    span = f"{least}" if least == most else f"{least} to {most} (median {row['raters_median']:g})"
    kind = _KINDS[row["kind"]].format(blocks=write_count(row["blocks"]))
    filled = write_number(100 * row["density"], 0)
    text = (
        f"Each of {write_count(row['n_clips'])} clips{subjects} was rated by {span} of "
        f"{write_count(row['n_raters'])} raters; {kind}"
    )
    if row["density"] < 1:
        text += f", {filled}% of all clip-by-rater cells are filled"
    if row["n_replicates"]:
        repeats = count_things(row["n_replicates"], "rating repeats", "ratings repeat")
        text += f", and {repeats} another"
    return f"{text}."


def _advise(row: dict[Any, Any]) -> str:
    if row["recommended"] == "ICC(A,k)":
        return (
            "Two-way coefficients are identified: ICC(A,k) for the raters' mean where their level "
            "matters, ICC(C,k) where only the order of clips does."
        )
    return (
        "Clip means come from different raters, whose differences stay in them: report the "
        "one-way ICC(1,k)."
    )
