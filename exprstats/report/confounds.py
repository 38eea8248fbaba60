"""Caveats where contexts differ in the level of what is predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, say

if TYPE_CHECKING:
    import pandas as pd

# From this share of the variance on, knowing a context is worth something.
_NOTEWORTHY = 0.1
_ALPHA = 0.01


def find_share(rows: pd.DataFrame) -> float:
    """Return the share of the truth's variance that lies between contexts (adjusted R²).

    0 where an F test at .01 finds no difference between them: many contexts of few clips differ
    by chance.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"context": list("aaabbb"), "truth": [0.0, 1, 2, 6, 7, 8]})
    >>> round(find_share(rows), 3)
    0.914
    """
    from scipy.stats import f_oneway

    contexts = [own.to_numpy(float) for _, own in rows["truth"].groupby(rows["context"])]
    free = len(rows) - len(contexts)
    within = sum(((own - own.mean()) ** 2).sum() for own in contexts)
    if len(contexts) < 2 or free < 1 or within == 0 or f_oneway(*contexts).pvalue >= _ALPHA:
        return 0.0
    return float(1 - within / free / rows["truth"].astype(float).var())


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
            shares.append(find_share(rows[rows["fitted_on"].eq("all") & rows["part"].eq("test")]))
    return max(shares)
