"""Options that commands share."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from exprstats.errors import Option, OptionError
from exprstats.options import Duplicates, FactorEstimator, MissingRule

VIDEOS_HELP = "Video files, such as .mp4."
PREDICTIONS_HELP = "Write every prediction, with its part."
SPLIT_HELP = "Person seen in the clip; nobody is in two parts."
CLIP_HELP = "Column with the names of the clips. [default: clip]"


def option(told: str, takes: str | None = None, *, name: str | None = None, **more: Any) -> Any:
    """Return what an option is: its help, what it takes, and its name if not its parameter's."""
    return typer.Option(*filter(None, [name]), metavar=takes, help=told, **more)


JsonOption = Annotated[
    str | None,
    option(
        "Write the tidy rows as JSON, in full precision. '-' writes to standard output.",
        "FILE",
        name="--json",
    ),
]
OutOption = Annotated[
    Path | None, option("Write tables and figures into this folder.", "DIR", name="--out")
]
ForceOption = Annotated[
    bool, option("Replace the output folder if exprstats wrote it.", name="--force")
]
SeedOption = Annotated[int, option("Seed of everything random.", name="--seed", min=0)]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
ByOption = Annotated[
    str | None, option("Analyze each context apart, then all together.", "COLUMN", name="--by")
]
LevelOption = Annotated[float, option("Confidence level.", name="--level", min=0.5, max=0.9999)]
MissingOption = Annotated[
    str | None,
    option(
        "Further codes for missing numbers, such as -99 (empty, NA, NaN and . always are).",
        "CODE,...",
        name="--missing",
    ),
]

ItemsArgument = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...",
        help="One row per clip, with a column for each item; with --rater, files of one layout or "
        "their folder.",
    ),
]
NamesOption = Annotated[str | None, option(CLIP_HELP, "COLUMN", name="--clip")]
SeenOption = Annotated[
    str | None,
    option("Person seen in the clip; kept beside the scores.", "COLUMN", name="--subject"),
]
FACE_HELP = "Which face, where frames show several."
ConfidenceOption = Annotated[
    float, option("Least confidence of a valid frame.", name="--confidence", min=0, max=1)
]
RatingsArgument = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...",
        help="Ratings: one row per rating, or one column per rater; files of one layout, or their "
        "folder, are one table (column from_file).",
    ),
]
DuplicatesOption = Annotated[
    Duplicates, option("What to do where a rater rated a clip twice.", name="--duplicates")
]
RatingOption = Annotated[
    str | None, option("The rating column; several are items.", "COL,...", name="--rating")
]
AnswerOption = Annotated[
    str | None, option("With --item: the answers. [default: rating]", "COLUMN", name="--rating")
]
ClipOption = Annotated[
    str | None, option("What was rated. [default: clip]", "COLUMN", name="--clip")
]
RaterOption = Annotated[str | None, option("Who rated. [default: rater]", "COLUMN", name="--rater")]
ItemOption = Annotated[
    str | None,
    option(
        "The question of a rating, in a file with one row per question. [default: item]",
        "COLUMN",
        name="--item",
    ),
]
RatersInRowsOption = Annotated[
    bool, option("Each row is a rater, and each column a clip.", name="--raters-in-rows")
]
ReverseOption = Annotated[
    str | None,
    option(
        "Items that ask for the opposite: turned on the --scale (5 of 1 to 5 is 1).",
        "ITEM,...",
        name="--reverse",
    ),
]
RatersOption = Annotated[
    str | None,
    option("Instead of --rater and --rating: one column per rater.", "COL,...", name="--raters"),
]
ItemsOption = Annotated[str, option("The item columns, at least three.", "A,B,C", name="--items")]
RowsOption = Annotated[
    str | None,
    option("Column with the names of the rows. [default: their number]", "COLUMN", name="--clip"),
]
EstimatorOption = Annotated[
    FactorEstimator,
    option("mlr: standard errors robust to nonnormality (needs R).", name="--estimator"),
]
RobustOption = Annotated[
    bool, option("Standard errors for clips of the same --subject.", name="--cluster-robust")
]
GapsOption = Annotated[
    str | None,
    option(
        "listwise (default) leaves rows with gaps out, fiml uses what they have (needs R). "
        "Other words are further codes for missing numbers, such as -99.",
        "RULE|CODE,...",
        name="--missing",
    ),
]


def _refuse_idle(jobs: int) -> int:
    if jobs == 0:
        message = "0 means no work. Use 1, or -1 for all cores."
        raise typer.BadParameter(message)
    return jobs


JobsOption = Annotated[
    int, option("Parallel processes; -1: all cores.", "N", name="--n-jobs", callback=_refuse_idle)
]
SingleJobOption = Annotated[
    int,
    option(
        "Accepted for consistency; this command runs in one process.",
        "N",
        name="--n-jobs",
        callback=_refuse_idle,
    ),
]


def split_gaps(text: str | None) -> tuple[MissingRule, list[str]]:
    """Return what to do with rows that have gaps, and further codes of missing numbers.

    Examples
    --------
    >>> split_gaps("fiml,-99")
    ('fiml', ['-99'])
    """
    words = split_names(text, "--missing") or []
    rules: list[MissingRule] = [rule for rule in get_args(MissingRule) if rule in words]
    if len(rules) > 1:
        message = f"--missing '{text}' names two rules. Choose {' or '.join(rules)}."
        raise OptionError(message)
    codes = [word for word in words if word not in rules]
    return (rules[0] if rules else "listwise"), codes


def name_ratings(
    rating: str | None,
    clip: str | None,
    rater: str | None,
    raters: str | None,
    *,
    subject: str | None = None,
    by: str | None = None,
    item: str | None = None,
    raters_in_rows: bool = False,
    reverse: str | None = None,
) -> dict[str, Any]:
    """Return the options of a ratings file that were given, as `exprstats.io.read_ratings` takes.

    Raters are named as columns or as cells of one, and not beside several items.

    Examples
    --------
    >>> name_ratings("a,b", None, "worker", None)
    {'rater': 'worker', 'items': ['a', 'b']}
    """
    found: dict[str, Any] = {
        "clip": split_id(clip, "--clip"),
        "rater": rater,
        "raters": split_names(raters, "--raters"),
    }
    columns = split_names(rating, "--rating")
    if raters is not None and (rater is not None or len(columns or ()) > 1):
        other = "--rater" if rater is not None else f"--rating {rating}"
        message = f"--raters names a column for each rater; {other} does not go with it."
        raise OptionError(message)
    if columns:
        found |= {"items": columns} if len(columns) > 1 else {"rating": columns[0]}
    found |= {"subject": split_id(subject, "--subject"), "context": split_id(by, "--by")}
    found |= {"item": item, "raters_in_rows": raters_in_rows or None}
    found["reverse"] = split_names(reverse, "--reverse")
    return {role: value for role, value in found.items() if value is not None}


def ask_subject(session: Any) -> None:
    """Say what naming the people would give, where a command was not told of them."""
    session.say(
        "If people are seen in several clips, name their column with --subject for an interval "
        "that allows for it."
    )


def tell_saved(path: Path, command: str) -> str:
    """Return where a model was stored, and the command that uses it."""
    return f"The model is in {path}. New clips: exprstats {command} FILE --model {path}"


def check_draws(option: str, draws: int, *, fewest: int, better: int) -> None:
    """Refuse a number of draws that is not 0 and too small for an interval."""
    if 0 < draws < fewest:
        raise OptionError(Option(option, draws), f" is too few; ask for {fewest}, better {better}.")


def split_names(text: str | None, option: str = "the list") -> list[str] | None:
    """Return the names of a comma-separated list; names that hold commas stand in quotes.

    Examples
    --------
    >>> split_names('x1,"x2, raw"')
    ['x1', 'x2, raw']
    """
    if text is None:
        return None
    try:
        rows = list(csv.reader([text], skipinitialspace=True))
    except csv.Error:  # a line break that no quotes enclose
        rows = [[text]]
    names = [name.strip() for name in rows[0]] if rows else []
    if not names or not all(names):
        message = f"{option} '{text}' has an empty name. Separate names by one comma: A,B,C."
        raise OptionError(message)
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        message = f"{option} names '{twice[0]}' more than once. Name each column once."
        raise OptionError(message)
    return names


def split_id(text: str | None, option: str) -> str | list[str] | None:
    """Return the column of an id, or the columns that make it together.

    Examples
    --------
    >>> split_id("site,person", "--subject"), split_id("person", "--subject")
    (['site', 'person'], 'person')
    """
    names = split_names(text, option)
    return names[0] if names is not None and len(names) == 1 else names


def split_scale(text: str | None) -> tuple[float, float] | None:
    """Return the lowest and the highest answer of a scale.

    Examples
    --------
    >>> split_scale("0,4")
    (0.0, 4.0)
    """
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        message = f"--scale '{text}' must be the lowest and the highest answer, such as 0,4."
        raise OptionError(message)
    return low, high


def split_shares(text: str | None) -> dict[str, float]:
    """Return the shares of training, validation and test from percentages; none without a text.

    Examples
    --------
    >>> split_shares("60,20,20")
    {'train': 0.6, 'validate': 0.2, 'test': 0.2}
    """
    if text is None:
        return {}
    try:
        train, validate, test = (float(part) / 100 for part in text.split(","))
    except ValueError:
        train = validate = test = math.nan
    whole = abs(train + validate + test - 1) < 1e-9
    if not (whole and train > 0 and validate >= 0 and test > 0):
        message = (
            f" '{text}' must be the percent of subjects for training, validation and test, "
            "with sum 100, such as 60,20,20; only validation may be 0."
        )
        raise OptionError(Option("split"), message)
    return {"train": train, "validate": validate, "test": test}


def split_sizes(
    text: str | None, metrics: Sequence[str], option: str = "--margin"
) -> dict[str, float] | None:
    """Return a size for each metric: the smallest difference that matters, or a wanted width.

    The text is one positive number, or one for each metric.

    Examples
    --------
    >>> split_sizes("rmse=.1,correlation=.05", ["rmse", "correlation"])
    {'rmse': 0.1, 'correlation': 0.05}
    """
    if text is None:
        return None
    pairs = [part.rpartition("=") for part in text.split(",")]
    try:
        found = {name.strip(): float(value) for name, _, value in pairs}
    except ValueError:
        found = {}
    if set(found) == {""}:
        found = dict.fromkeys(metrics, found[""])
    if set(found) != set(metrics) or not all(0 < one < math.inf for one in found.values()):
        message = (
            f"{option} '{text}' must be one positive number, such as .05, or one for each metric: "
            f"{','.join(f'{name}=.05' for name in metrics)}."
        )
        raise OptionError(message)
    return found
