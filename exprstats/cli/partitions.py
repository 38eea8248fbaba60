"""How ``fit`` shares out subjects: parts, and folds for tuning."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from exprstats.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd

SplitOption = Annotated[
    str | None,
    typer.Option(
        "--split",
        metavar="A,B,C",
        help="Percent of subjects for training, validation and test. [default: 60,20,20]",
    ),
]
StratifyOption = Annotated[
    bool,
    typer.Option("--stratify", help="Give each part its share of the subjects of each context."),
]
FoldsOption = Annotated[
    int | None,
    typer.Option(
        "--folds",
        min=2,
        metavar="K",
        help="Tune in K folds of all subjects but the test's, not on one validation part.",
    ),
]
RepeatsOption = Annotated[
    int | None, typer.Option("--repeats", min=1, metavar="R", help="Deal the folds R times.")
]
NestedOption = Annotated[
    bool,
    typer.Option(
        "--nested",
        help="Also predict everybody by nets tuned without them, in --folds (5) of all subjects.",
    ),
]
LeakageOption = Annotated[
    bool,
    typer.Option(
        "--leakage", help="Also say what a split by clips, not people, would have pretended."
    ),
]

USUAL_SHARES = (0.6, 0.2, 0.2)
USUAL_FOLDS = 5
FEWEST_NESTED = 3


@dataclass(frozen=True, slots=True)
class Partition:
    """Shares of the subjects for training, validation and test, and the folds among them.

    ``folds`` is None where nobody asked for folds.
    """

    shares: tuple[float, float, float]
    folds: int | None
    repeats: int
    stratify: bool

    def split(self, clips: pd.DataFrame, seed: int) -> pd.DataFrame:
        """Return each subject's part.

        Raises
        ------
        OptionError
            Strata are wanted, and there are no contexts.
        """
        from exprstats.models import split_subjects

        if self.stratify and "context" not in clips:
            message = "--stratify shares out contexts, and there are none. Name theirs with --by."
            raise OptionError(message)
        train, validate, test = self.shares
        return split_subjects(
            clips,
            train=train,
            validate=validate,
            test=test,
            stratify=self.stratify,
            seed=seed,
        )

    def deal(self, clips: pd.DataFrame, seed: int) -> pd.DataFrame:
        """Return each subject's fold."""
        from exprstats.models import fold_subjects

        folds = self.folds or USUAL_FOLDS
        return fold_subjects(clips, folds=folds, repeats=self.repeats, seed=seed)

    def deal_rest(self, clips: pd.DataFrame, parts: pd.DataFrame, seed: int) -> pd.DataFrame:
        """Return the fold of each subject outside the test part."""
        tested = parts.loc[parts["part"] == "test", "subject"]
        return self.deal(clips[~clips["subject"].isin(tested)], seed)


def plan_partition(
    split: str | None,
    *,
    folds: int | None,
    repeats: int | None,
    stratify: bool,
    nested: bool,
    model: str,
) -> Partition:
    """Return how subjects are shared out.

    Raises
    ------
    OptionError
        Options that cannot be read, or that do not fit together.
    """
    if model != "elastic" and (folds or nested):
        option = "--nested" if nested else "--folds"
        message = f"{option} tunes elastic nets; a {model} needs validation subjects. Leave it out."
        raise OptionError(message)
    if repeats and not (folds or nested):
        message = f"--repeats {repeats} deals folds anew, and there are none. Add --folds 5."
        raise OptionError(message)
    if nested and folds and folds < FEWEST_NESTED:
        message = f"--nested tunes inside the folds; --folds {folds} is too few, 3 are needed."
        raise OptionError(message)
    shares = _read_shares(split)
    if not shares[1] and not folds:
        message = f"--split {split} leaves nobody to tune on. Add --folds 5, or a validation part."
        raise OptionError(message)
    return Partition(shares, folds, repeats or 1, stratify)


def _read_shares(text: str | None) -> tuple[float, float, float]:
    """Return shares with sum 1.

    Examples
    --------
    >>> _read_shares("60,20,20")
    (0.6, 0.2, 0.2)
    """
    if text is None:
        return USUAL_SHARES
    try:
        train, validate, test = (float(part) / 100 for part in text.split(","))
    except ValueError:
        train = validate = test = math.nan
    whole = abs(train + validate + test - 1) < 1e-9
    if not (whole and train > 0 and validate >= 0 and test > 0):
        message = (
            f"--split '{text}' must be the percent of subjects for training, validation and test, "
            "with sum 100, such as 60,20,20; only validation may be 0."
        )
        raise OptionError(message)
    return train, validate, test
