"""Spellings of tiers and values that mean one thing, as a table that users can edit."""

from __future__ import annotations

import pandas as pd

from exprstats.contracts import require_columns
from exprstats.errors import DataError, Problem

# Of the corpora of the National Center for Sign Language and Gesture Resources; an empty value
# stands for every value of the tier. The values keep what was annotated: "tensed" and "tense" are
# one, "slightly tensed" is another.
_SPELLINGS = (
    ("English translation", "", "translation", ""),
    ("main gloss", "", "gloss", ""),
    ("non-dominant hand gloss", "", "non-dominant gloss", ""),
    ("nondominant POS", "", "Non-dominant POS", ""),
    ("head pos:jut", "", "head pos: jut", ""),
    ("nose", "tense", "nose", "tensed"),
    ("negative", "neg", "negative", "negation"),
    ("topic/focus", "foc/prop-with-ref-to", "topic/focus", "focus/prop-with-ref-to"),
    ("POS", "Quantifier + Wh-word", "POS", "Quantifier+Wh-word"),
    ("POS", "Tense + Aspect", "POS", "Tense+Aspect"),
    ("mouth", "lips pursed:mm", "mouth", "lips pursed: mm"),
    ("mouth", "lips pursed:oo", "mouth", "lips pursed: oo"),
    ("mouth", "lips pursed:oo-tight", "mouth", "lips pursed: oo-tight"),
    ("mouth", "open & crnrs down", "mouth", "open & corners down"),
    ("shoulders", "forward right", "shoulders", "forward/right"),
    ("shoulders", "forward left", "shoulders", "forward/left"),
    ("body lean", "forward right", "body lean", "forward/right"),
    ("body lean", "back left", "body lean", "back/left"),
)
COLUMNS = ("tier", "value", "tier_as", "value_as")


def list_spellings() -> pd.DataFrame:
    """Return the table of spellings that `read_events` merges.

    Returns
    -------
    pandas.DataFrame
        ``tier`` and ``value`` as files have them (an empty value stands for all of the tier), and
        ``tier_as`` and ``value_as``, what they become. Add rows, or take some away, and give the
        table to `read_events`.

    Examples
    --------
    >>> table = list_spellings()
    >>> table.query("tier == 'nose'").to_numpy().tolist()
    [['nose', 'tense', 'nose', 'tensed']]
    """
    return pd.DataFrame(_SPELLINGS, columns=list(COLUMNS))


def merge_spellings(
    events: pd.DataFrame, spellings: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the events with merged spellings, and how many intervals each row of the table met.

    Tiers are renamed first, values then under the new name of their tier.

    Parameters
    ----------
    events
        EVENTS.
    spellings
        As from `list_spellings`.

    Raises
    ------
    DataError
        If the table lacks a column, or gives one spelling two meanings.
    """
    require_columns(spellings, list(COLUMNS), "spellings")
    table = spellings[list(COLUMNS)].astype(object).where(spellings[list(COLUMNS)].notna(), "")
    twice = table[table.duplicated(["tier", "value"])]
    if len(twice):
        first = twice.iloc[0]
        fact = f"spelling '{first['tier']}', '{first['value']}' is in two rows."
        raise DataError(Problem(fact, "Keep one of them."))
    whole = table[table["value"].eq("")]
    counts = events["tier"].value_counts()
    renamed = dict(zip(whole["tier"], whole["tier_as"], strict=True))
    tier = events["tier"].map(lambda name: renamed.get(name, name))
    single = table[table["value"].ne("")]
    key = {
        (renamed.get(row["tier"], row["tier"]), row["value"]): (row["tier_as"], row["value_as"])
        for row in single.to_dict("records")
    }
    pairs = list(zip(tier, events["value"], strict=True))
    met = pd.Series(pairs, dtype=object).value_counts()
    merged = events.assign(
        tier=[key.get(pair, pair)[0] for pair in pairs],
        value=[key.get(pair, pair)[1] for pair in pairs],
    )
    found = [
        int(counts.get(row["tier"], 0))
        if row["value"] == ""
        else int(met.get((renamed.get(row["tier"], row["tier"]), row["value"]), 0))
        for row in table.to_dict("records")
    ]
    return merged, table.assign(n_intervals=found).reset_index(drop=True)
