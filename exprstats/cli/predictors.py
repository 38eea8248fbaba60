"""What ``fit`` predicts from: columns of numbers, and those that give the target away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.errors import DataError, Problem
from exprstats.words import name_some

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session

# A feature of so few values may be the target in other words.
MOST_CODES = 20


def list_features(session: Session, clips: pd.DataFrame, target: str) -> list[str]:
    """Return the columns that could be features, and say which others are passed over.

    Raises
    ------
    DataError
        If there is none.
    """
    from exprstats.study import list_numbers

    named = list_numbers(clips, target)
    roles = {"clip", "subject", "context", target}
    texts = [str(one) for one in clips.select_dtypes(exclude="number") if one not in roles]
    if not named:
        fact = "there is no column of numbers to predict from, beside ids, target and quality."
        raise DataError(Problem(fact, "Name the features with --features."))
    if texts:
        session.warnings.append(f"Columns without numbers are no features: {name_some(texts)}.")
    return named


def warn_of_copies(session: Session, clips: pd.DataFrame, target: str, features: list[str]) -> None:
    """Warn of features that give the target away."""
    codes = clips[target].astype("category").cat.codes
    for name in features:
        if name == target:
            # Refused by the models, with what to do.
            continue
        values = clips[name]
        levels = values.nunique()
        if levels < 2:
            continue
        coded = levels <= min(MOST_CODES, 2 * clips[target].nunique(), len(clips) / 2)
        groups = codes.groupby(values).nunique() if coded else None
        if (groups is not None and groups.max() == 1) or _follows(values, clips[target]):
            session.warnings.append(
                f"Feature '{name}' gives '{target}' away: each of its values goes with one of the "
                "target's. If it was made from the target, leave it out with --features."
            )


def _follows(values: pd.Series, target: pd.Series) -> bool:
    """Return whether a feature is the target on another scale."""
    import numpy as np
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(target) or target.nunique() < MOST_CODES:
        return False
    return bool(abs(np.corrcoef(values, target)[0, 1]) > 1 - 1e-9)
