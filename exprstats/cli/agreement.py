"""``exprstats agreement``: agreement of raters about categories."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from exprstats.cli.command import opens_session
from exprstats.cli.options import (
    ByOption,
    ClipOption,
    DuplicatesOption,
    ItemOption,
    LevelOption,
    RaterOption,
    RatersInRowsOption,
    RatersOption,
    RatingOption,
    RatingsArgument,
    ReverseOption,
    ask_subject,
    name_ratings,
    option,
    split_scale,
)
from exprstats.cli.reading import get_reading, reads_files
from exprstats.cli.session import Session
from exprstats.document.cells import list_records
from exprstats.document.text import join_words
from exprstats.errors import ExprStatsWarning
from exprstats.options import Weights

if TYPE_CHECKING:
    from exprstats.io import Reading

MOST_CATEGORIES = 50  # different answers, above which words are no categories


@reads_files
@opens_session("agreement", one_process=True)
def agree_file(
    session: Session,
    files: RatingsArgument,
    rating: RatingOption = None,
    clip: ClipOption = None,
    rater: RaterOption = None,
    item: ItemOption = None,
    raters: RatersOption = None,
    raters_in_rows: RatersInRowsOption = False,
    reverse: ReverseOption = None,
    subject: Annotated[
        str | None, option("Person seen in the clip; persons are left out one by one.", "COLUMN")
    ] = None,
    by: ByOption = None,
    scale: Annotated[
        str | None, option("The whole numbers that raters chose from, used or not.", "LOW,HIGH")
    ] = None,
    weights: Annotated[
        Weights | None,
        option(
            "Agreement of different values: none (identity), falling with their distance "
            "(linear) or with its square (quadratic). Default: quadratic for numbers, identity "
            "for words without --labels."
        ),
    ] = None,
    duplicates: DuplicatesOption = "error",
    level: LevelOption = 0.95,
) -> None:
    """Measure agreement about categories: alpha, kappas, AC1/AC2."""
    roles = {"subject": subject, "by": by, "item": item, "reverse": reverse}
    named = name_ratings(rating, clip, rater, raters, **roles, raters_in_rows=raters_in_rows)
    ends = split_scale(scale)
    from exprstats.io import read_ratings
    from exprstats.io.files.answers import order_answers
    from exprstats.io.files.joined import take_files
    from exprstats.io.numbers import Missing, list_codes, list_no_answers
    from exprstats.reliability import measure_agreement

    file = take_files(files)
    session.note_file(file)
    reading = get_reading()
    asked = named.get("raters") or named.get("items") or named.get("rating") or "rating"
    words = [] if reading.labels else _find_words(file, asked, reading)
    if words:
        silent = list_no_answers(words, Missing(reading.missing))
        words = [word for word in words if word not in silent]
        ordered = order_answers(words)
        kept = (*list_codes(reading.missing), *silent)
        reading = replace(reading, labels=ordered or words, missing=kept)
        weights = weights or ("identity" if ordered is None else "quadratic")
        known = "without an order" if ordered is None else "in this order, from the lowest"
        session.say(f"Answers are words {known}: {join_words([*(ordered or words)])}.")
        if silent:
            session.say(f"Read as missing: {join_words(silent)}.")
    ratings = read_ratings(file, **named, scale=ends, duplicates=duplicates, reading=reading)
    session.say_recoding(get_reading(), named.get("reverse", ()), ends)
    result = measure_agreement(
        ratings,
        scale=ends,
        weights=weights or "quadratic",
        labels=reading.name_answers(),
        by="context" if by else None,
        cluster="subject" if "subject" in ratings else None,
        level=level,
    )
    session.add_table("agreement", result.tidy())
    for term, table in (("pair", result.pairs), ("confusion", result.confusions)):
        session.tables[f"agreement_{term}s"] = table
        session.rows += [{**row, "term": term} for row in list_records(table)]
    session.present(result)
    if ends is None and not result.labels:
        session.say(
            "Name the lowest and the highest value that raters could choose with --scale for "
            "Gwet's coefficient and that of Brennan and Prediger."
        )
    if "subject" not in ratings:
        ask_subject(session)


def _find_words(file: Path, asked: str | list[str], reading: Reading) -> list[str]:
    """Return the different answers of columns that hold words only; capitals tell none apart."""
    from exprstats.io import read_table
    from exprstats.io.detection import is_number

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExprStatsWarning)
        table = read_table(file, reading=reading)
    names = [name for name in ([asked] if isinstance(asked, str) else asked) if name in table]
    answers = [str(answer) for name in names for answer in table[name].dropna()]
    texts = sorted({" ".join(answer.split()) for answer in answers} - {""}, reverse=True)
    if len(texts) > MOST_CATEGORIES or any(is_number(text) for text in texts):
        return []
    return sorted({text.casefold(): text for text in texts}.values())
