"""Options that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

import typer

from exprstats.words import FactorEstimator

Word = TypeVar("Word", bound=str)

JsonOption = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="FILE",
        help="Write the tidy rows as JSON, in full precision. '-' writes to standard output.",
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Write tables and figures into this folder."),
]
ForceOption = Annotated[
    bool,
    typer.Option("--force", help="Replace the output folder if exprstats wrote it."),
]
SeedOption = Annotated[
    int, typer.Option("--seed", min=0, help="Makes everything random repeatable.")
]


def _refuse_idle(jobs: int) -> int:
    if jobs == 0:
        message = "0 means no work. Use 1, or -1 for all cores."
        raise typer.BadParameter(message)
    return jobs


JobsOption = Annotated[
    int,
    typer.Option(
        "--n-jobs",
        metavar="N",
        callback=_refuse_idle,
        help="Processes that share the work; -1: all cores.",
    ),
]
SingleJobOption = Annotated[
    int,
    typer.Option(
        "--n-jobs",
        metavar="N",
        callback=_refuse_idle,
        help="Taken by every analysis; this one has no work to share.",
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
ByOption = Annotated[
    str | None,
    typer.Option("--by", metavar="COLUMN", help="Analyse each context apart, then all together."),
]
LevelOption = Annotated[
    float, typer.Option("--level", min=0.5, max=0.9999, help="Confidence level.")
]
MissingOption = Annotated[
    str | None,
    typer.Option(
        "--missing",
        metavar="CODE,...",
        help="Further codes for missing numbers, such as -99 (empty, NA, NaN and . always are).",
    ),
]

RatingOption = Annotated[
    str | None,
    typer.Option("--rating", metavar="COL,...", help="The rating column; several are items."),
]
ClipOption = Annotated[
    str | None, typer.Option("--clip", metavar="COLUMN", help="What was rated. [default: clip]")
]
RaterOption = Annotated[
    str | None, typer.Option("--rater", metavar="COLUMN", help="Who rated. [default: rater]")
]
RatersOption = Annotated[
    str | None,
    typer.Option(
        "--raters",
        metavar="COL,...",
        help="Instead of --rater and --rating: a column a rater.",
    ),
]
ItemsOption = Annotated[
    str, typer.Option("--items", metavar="A,B,C", help="The item columns, at least three.")
]
RowsOption = Annotated[
    str | None,
    typer.Option("--clip", metavar="COLUMN", help="Names the rows. [default: their number]"),
]
EstimatorOption = Annotated[
    FactorEstimator,
    typer.Option("--estimator", help="mlr: errors that do not lean on normality (needs R)."),
]
RobustOption = Annotated[
    bool,
    typer.Option("--cluster-robust", help="Standard errors for clips of the same --subject."),
]
GapsOption = Annotated[
    str | None,
    typer.Option(
        "--missing",
        metavar="RULE|CODE,...",
        help="listwise (default) leaves rows with gaps out, fiml uses what they have (needs R). "
        "Other words are further codes for missing numbers, such as -99.",
    ),
]
