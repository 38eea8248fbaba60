"""Caveats where contexts differ in the level of what is predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, say

if TYPE_CHECKING:
    import pandas as pd

# From this share of the variance on, knowing a context is worth something.
_NOTEWORTHY = 0.1


def find_share(rows: pd.DataFrame) -> float:
    """Return the share of the truth's variance that lies between contexts; NaN without any.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"context": list("aabb"), "truth": [0.0, 2, 4, 6]})
    >>> find_share(rows)
    0.8
    """
    truth = rows["truth"].astype(float)
    whole = ((truth - truth.mean()) ** 2).sum()
    levels = truth.groupby(rows["context"]).transform("mean")
    return float(((levels - truth.mean()) ** 2).sum() / whole) if whole > 0 else float("nan")


def warn_of_levels(pieces: Pieces) -> tuple[Text, ...]:
    """Return a caveat on rows of all contexts, where they count knowing the context."""
    share = _find_largest(pieces)
    if share < _NOTEWORTHY:
        return ()
    return (
        say(
            "Contexts differ in level: {share}% of the variance of {target} in the test clips lies "
            "between them. Where all contexts are taken together, a model, or a feature, that only "
            "tells contexts apart does well; the rows of single contexts leave that out.",
            share=f"{100 * share:.0f}",
            target=pieces.target,
        ),
    )


def _find_largest(pieces: Pieces) -> float:
    """Return the largest share of any model of numbers that was fitted to all clips; 0 without."""
    shares = [0.0]
    for models in pieces.models.values():
        rows = models.predictions
        if "context" in rows and not models.design.classes:
            share = find_share(rows[rows["fitted_on"].eq("all") & rows["part"].eq("test")])
            shares += [share] if share > 0 else []
    return max(shares)
