"""``exprstats score``: clips scored by a factor, a stored one or a fresh one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exprstats.cli.command import opens_session
from exprstats.cli.factor import name_item, read_means
from exprstats.cli.options import (
    AnswerOption,
    ByOption,
    ItemOption,
    MissingOption,
    RowsOption,
    SeenOption,
    option,
    split_names,
    split_scale,
)
from exprstats.cli.reading import get_reading, reads_files
from exprstats.cli.session import Session
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.options import ScoreMethod

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.measurement import Factor


@reads_files
@opens_session("score", seeded=False)
def score_file(
    session: Session,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Ratings, one row per clip and rater; or item means."),
    ],
    model: Annotated[
        Path | None, option("From factor --save. [default: a fresh fit]", "FILE")
    ] = None,
    items: Annotated[
        str | None, option("The item columns. [default: the model's]", "A,B,C", name="--items")
    ] = None,
    rater: Annotated[
        str | None, option("Who rated. [default: rater, if the file has it]", "COLUMN")
    ] = None,
    item: ItemOption = None,
    rating: AnswerOption = None,
    clip: RowsOption = None,
    by: ByOption = None,
    subject: SeenOption = None,
    scale: Annotated[str | None, option("Lowest and highest answer.", "LOW,HIGH")] = None,
    score_method: Annotated[ScoreMethod, option("Which scores; mean: of the items.")] = "bartlett",
    missing: MissingOption = None,
) -> None:
    """Average raters, and score clips by a factor model.

    The model is stored, or fitted to these items.
    """
    from exprstats import measurement
    from exprstats.report.sections.scores import describe_scored

    known = None if model is None else measurement.load_factor(model)
    names = choose_items(split_names(items, "--items"), known)
    facts = session.note_file(file)
    judge = rater or ("rater" if "rater" in facts.columns else None)
    ids = {"clip": clip or "clip", "subject": subject, "context": by}
    limits = split_scale(scale)
    codes = split_names(missing, "--missing") or []
    how = get_reading(missing=codes)
    ids |= name_item(item, rating, judge)
    table, ratings = read_means(file, judge, ids, items=names, scale=limits, reading=how)
    session.say_recoding(how)
    if known is None:
        choices: dict[str, Any] = {"items": names, "by": "context" if by else None}
        factor = measurement.fit_factor(table, **choices, ratings=ratings, scale=limits)
    else:
        factor = known
        check_scored_contexts(factor, table)
    scores = measurement.score_clips(factor, table, method=score_method, ratings=ratings)
    session.tables["items"] = table
    session.add_table("scores", scores)
    stored = known is not None
    session.show(describe_scored(scores, names, method=score_method, stored=stored))


def choose_items(asked: list[str] | None, factor: Factor | None) -> list[str]:
    """Return the items to score: those asked for, which must be the model's, or its own."""
    if factor is None:
        if asked is None:
            told = "Name the items with ", Option("items"), ", or a stored model with "
            raise OptionError(*told, Option("model"), ".")
        return asked
    if asked is not None and set(asked) != set(factor.items):
        told = f" are not those of the model ({', '.join(factor.items)}). Leave ", Option("items")
        raise OptionError(Option("items", asked), *told, " out.")
    return list(factor.items)


def check_scored_contexts(factor: Factor, table: pd.DataFrame) -> None:
    """Refuse clips without contexts, or with others than the model's, before they are scored."""
    known = [str(one.context) for one in factor.solutions if one.context is not None]
    if not known:
        return
    if factor.by and "context" not in table:
        message = (
            f"The model has a fit for each context ({', '.join(dict.fromkeys(known))}). Name the "
            "contexts' column with "
        )
        raise OptionError(message, Option("by"), ".")
    lost = [str(one) for one in table["context"].unique() if str(one) not in known]
    if lost:
        fact = f"the model was not fitted to {', '.join(lost)} (it has {', '.join(known)})."
        raise DataError(Problem(fact, "Leave these clips out, or fit the model to them.",
                                column="context"))  # fmt: skip
