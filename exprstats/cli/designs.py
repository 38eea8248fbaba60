"""The design of ratings in print: who rated what, and which coefficients that can give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.cli.cells import Row, is_absent, list_records, name_context, show_count
from exprstats.numerals import MISSING, count_things, write_count, write_number

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session


def show_design(session: Session, ratings: pd.DataFrame) -> None:
    """Print the design of ratings, the coefficients it identifies, and the sentence to write."""
    from exprstats.reliability import describe_design

    design = describe_design(ratings, by="context" if "context" in ratings else None)
    rows, verdicts = list_records(design.table), list_records(design.coefficients)
    session.rows += [{**row, "design": row["kind"], "kind": "design"} for row in rows]
    session.rows += [{"kind": "coefficient", **row} for row in verdicts]
    merged = _merge_items(rows)
    session.show_table("Who rated what", *_list_links(merged))
    session.show_points("How raters, clips and subjects are linked", _list_facts(merged[-1]))
    pooled = [row for row in verdicts if is_absent(row["context"])]
    for names, mine in _group_verdicts(pooled):
        title = "Which coefficients of a clip's mean rating these ratings identify"
        session.show_points(f"{title}{names}", [_judge(row, rows[-1]) for row in mine])
    session.say(f"For the paper: {design.sentence()}")


def _merge_items(rows: list[Row]) -> list[Row]:
    """Return one row for items of a context that share all else."""
    merged: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        key = tuple(str(value) for name, value in row.items() if name != "item")
        merged.setdefault(key, []).append(row)
    return [same[0] | {"item": _name_items(same)} for same in merged.values()]


def _name_items(rows: list[Row]) -> str:
    names = [str(row["item"]) for row in rows]
    return ", ".join(names) if len(names) < 4 else f"{names[0]} and {len(names) - 1} more"


def _list_links(rows: list[Row]) -> tuple[list[str], list[list[str]]]:
    counts = ("n_ratings", "n_clips", "n_subjects", "n_raters")
    cells = [
        [
            name_context(row),
            row["item"],
            row["kind"],
            *(show_count(row, name) for name in counts),
            f"{row['raters_min']} / {row['raters_median']:g} / {row['raters_max']}",
            f"{row['clips_median']:g}",
            f"{_write_share(row['density'])}%",
        ]
        for row in rows
    ]
    facts = ["Ratings", "Clips", "Subjects", "Raters", "Raters/clip", "Clips/rater", "Filled"]
    return ["Context", "Item", "Design", *facts], cells


def _write_share(density: float) -> str:
    return write_number(100 * density, 0 if density >= 0.095 or density == 1 else 1)


def _list_facts(row: Row) -> list[str]:
    """Return what the table's columns do not say, of all contexts together."""
    blocks, raters = int(row["blocks"]), write_count(row["n_raters"])
    points = [
        "Raters per clip are the least, the median and the most; filled is the share of all "
        "clip-by-rater pairs that hold a rating."
    ]
    if blocks == 1:
        points.append("Connected: all raters can be compared through clips they share.")
    else:
        points.append(
            f"Not connected: raters and clips fall into {write_count(blocks)} sets that share "
            "nothing, so raters of different sets cannot be compared."
        )
    if row["once"]:
        points.append(f"{write_count(row['once'])} of {raters} raters gave one rating only.")
    if not is_absent(row["within"]) and row["within"]:
        told = f"{write_count(row['within'])} of {raters} raters rated clips of one subject only."
        points.append(told)
    if not is_absent(row["clips_each"]):
        points.append(f"A subject is seen in {row['clips_each']:g} clips (median).")
    repeated = int(row["n_replicates"])
    points.append(
        f"{count_things(repeated, 'rating repeats', 'ratings repeat')} another of the same rater, "
        "clip and item."
        if repeated
        else "No rater rated an item of a clip twice."
    )
    if row["n_missing"]:
        points.append(f"{count_things(row['n_missing'], 'rating is', 'ratings are')} missing.")
    return points


def _group_verdicts(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    """Return the verdicts once, or for each set of items whose verdicts differ."""
    items: dict[str, list[Row]] = {}
    for row in rows:
        items.setdefault(str(row["item"]), []).append(row)
    groups: dict[tuple[tuple[bool, str], ...], list[str]] = {}
    for name, mine in items.items():
        key = tuple((bool(row["identified"]), str(row["why"])) for row in mine)
        groups.setdefault(key, []).append(name)
    if len(groups) == 1:
        return [("", next(iter(items.values())))]
    return [(f": {', '.join(names)}", items[names[0]]) for names in groups.values()]


def _judge(row: Row, design: Row) -> str:
    verdict = "identified" if row["identified"] else "not identified"
    advice = " (report this one)" if row["term"] == design["recommended"] else ""
    meaning = str(row["meaning"] or MISSING)
    return f"{row['term']}{advice}: {meaning}. {verdict.capitalize()}: {row['why']}."
