"""What contexts are called in print."""

from __future__ import annotations

import pandas as pd

ALL = "All"  # pooled rows


def name_contexts(table: pd.DataFrame) -> pd.DataFrame:
    """Return tidy rows with their contexts as texts and pooled rows named "All".

    A table without contexts is all pooled. A context that is itself called "All" becomes
    "All (context)", so that it stays apart from the pooled rows.

    Examples
    --------
    >>> name_contexts(pd.DataFrame({"context": ["pain", None]}))["context"].tolist()
    ['pain', 'All']
    """
    if "context" not in table:
        return table.assign(context=ALL)
    pooled = table["context"].isna()
    named = table["context"].astype(str).replace({ALL: f"{ALL} (context)"}).astype(object)
    return table.assign(context=named.mask(pooled, ALL))
