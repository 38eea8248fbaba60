"""How a study shares out its subjects: parts, and folds in which elastic nets are tuned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exprstats.errors import DataError, Problem
from exprstats.study.logbook import Logbook
from exprstats.study.settings import SplitSettings, Study
from exprstats.study.usable import find_by

if TYPE_CHECKING:
    import pandas as pd


def split_people(clips: pd.DataFrame, study: Study, log: Logbook) -> pd.DataFrame:
    """Return each subject's part; nobody is set apart for validation if folds tune all models.

    Raises
    ------
    DataError
        Strata are wanted of one context.
    """
    from exprstats.models import split_subjects

    shares = study.split or SplitSettings()
    check_strata(study, clips)
    parts = split_subjects(
        clips,
        train=shares.train,
        validate=shares.validate,
        test=shares.test,
        stratify=shares.stratify,
        seed=log.draw_seed("split"),
    )
    if shares.folds is None or next(list_validated(study), None) is not None:
        return parts
    return parts.assign(part=parts["part"].replace("validate", "train"))


def fold_people(
    clips: pd.DataFrame, parts: pd.DataFrame, shares: SplitSettings | None, log: Logbook
) -> pd.DataFrame | None:
    """Return the fold of each subject outside the test part; None where no folds are wanted."""
    if shares is None or shares.folds is None:
        return None
    from exprstats.models import fold_subjects

    tested = parts.loc[parts["part"] == "test", "subject"]
    rest = clips[~clips["subject"].isin(tested)]
    seed = log.draw_seed("folds")
    return fold_subjects(rest, folds=shares.folds, repeats=shares.repeats, seed=seed)


def list_validated(study: Study) -> Iterator[str]:
    """Yield what is tuned on validation subjects even where folds tune elastic nets."""
    for model in study.models:
        if model.kind == "forest":
            yield f"the forest '{model.name}'"
    if study.contrasts is not None:
        yield "[contrasts]"


def check_strata(study: Study, clips: pd.DataFrame) -> None:
    """Refuse strata where there is one context.

    Raises
    ------
    DataError
    """
    if study.split and study.split.stratify and find_by(clips) is None:
        fact = "[split] stratify shares out the subjects of several contexts; there is one."
        remedy = "Name the contexts' column (context = ...), or remove stratify."
        raise DataError(Problem(fact, remedy, file=str(study.path)))


def tell_split(study: Study) -> Iterator[str]:
    """Yield what a study does with its subjects, a sentence each."""
    shares = study.split
    if shares is None:
        return
    named = {"training": shares.train, "validation": shares.validate, "test": shares.test}
    tuned = list(list_validated(study))
    if shares.folds and not tuned:
        named = {"training": shares.train + shares.validate, "test": shares.test}
    told = ", ".join(f"{100 * share:.3g}% {part}" for part, share in named.items() if share)
    evenly = "; each set of contexts in these shares" if shares.stratify else ""
    yield f"Subjects: {told}{evenly}."
    if shares.folds:
        again = f" (dealt {shares.repeats} times)" if shares.repeats > 1 else ""
        others = f"; {' and '.join(tuned)} on the validation subjects" if tuned else ""
        yield f"Elastic nets are tuned in {shares.folds} folds{again} of all others{others}."
