"""What ``compare`` adds on request: strata of subjects, the next study's size, training runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exprstats.cli.cells import Row, list_records, name_context, show_count, show_estimate
from exprstats.cli.metrics import is_bounded, label_metric
from exprstats.errors import DataError, Problem
from exprstats.numerals import MISSING, write_count, write_level, write_number
from exprstats.words import name_nearest

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session
    from exprstats.inference import Precision, VarianceSplit

# A plan for many times the pilot's subjects rests on the few that the pilot had.
_FAR = 10


def join_strata(
    predictions: pd.DataFrame, files: Sequence[Path], *, subject: str, strata: str | None
) -> pd.DataFrame:
    """Return predictions with the column of strata, read from the files that have it.

    Raises
    ------
    DataError
        If no file has the column, or a subject stands in two strata.
    """
    if strata is None:
        return predictions
    from exprstats.io import read_table, sniff_file

    holding = [file for file in files if {subject, strata} <= set(sniff_file(file).columns)]
    if not holding:
        columns = dict.fromkeys(name for file in files for name in sniff_file(file).columns)
        fact = f"no file has the columns '{subject}' and '{strata}'."
        raise DataError(Problem(fact, name_nearest(strata, columns)))
    homes: dict[str, str] = {}
    for file in holding:
        table = read_table(file, ids=(subject, strata))
        for name, home in table[[subject, strata]].dropna().drop_duplicates().to_numpy():
            if homes.setdefault(name, home) != home:
                fact = f"{subject} '{name}' stands in '{homes[name]}' and in '{home}'."
                remedy = "Strata must hold whole subjects."
                raise DataError(Problem(fact, remedy, column=strata))
    return predictions.assign(**{strata: predictions["subject"].map(homes)})


def show_plan(
    session: Session, predictions: pd.DataFrame, widths: Mapping[str, float], **options: Any
) -> list[Precision]:
    """Print how many subjects give intervals of the wanted width, and add the rows."""
    import pandas as pd

    from exprstats.inference import plan_precision
    from exprstats.inference.sentences import write_range, write_size

    plans = []
    for name, width in widths.items():
        plan = plan_precision(predictions, metrics=name, width=width, **options)
        rows = list_records(plan.tidy())
        session.rows += [{**row, "method": "plan", "headline": False} for row in rows]
        interval = f"expected width of the {write_level(plan.level)} CI by number of subjects"
        headers, cells = _list_widths(rows, bounded=is_bounded(name))
        headers.append(f"For {write_size(name, width)}")
        session.show_table(f"{label_metric(name)}: {interval}", headers, cells)
        plans.append(plan)
    session.tables["plan"] = pd.concat([plan.tidy() for plan in plans], ignore_index=True)
    pilot = write_range(plans[0].table["pilot"])
    text = f"The plan draws studies from these {pilot} subjects, clips as they are."
    if any((plan.table["needed"] > _FAR * plan.table["pilot"]).any() for plan in plans):
        text += f" Beyond {_FAR} times as many it is a guess."
    session.say(text)
    return plans


def _list_widths(rows: list[Row], *, bounded: bool) -> tuple[list[str], list[list[str]]]:
    sizes = list(dict.fromkeys(int(row["n_clusters"]) for row in rows))
    terms: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        terms.setdefault((name_context(row), str(row["term"])), []).append(row)
    cells = [
        [
            context,
            term,
            *(write_number(row["width"], 3, bounded=bounded) for row in found),
            show_count(found[0], "needed"),
        ]
        for (context, term), found in terms.items()
    ]
    return ["Context", "Of", *map(write_count, sizes)], cells


def show_runs(session: Session, predictions: pd.DataFrame, **options: Any) -> VarianceSplit:
    """Print what other test subjects and training again would change, and add the rows."""
    from exprstats.inference import split_variance

    result = split_variance(predictions, **options)
    more = {"method": "training runs", "headline": False}
    rows = session.add_table("training_variance", result.tidy(), **more)
    names = ("error_test", "error_training", "error_run")
    cells = []
    for row in rows:
        metric = str(row["metric"])
        bounded = is_bounded(metric)
        errors = [write_number(row[name], 3, bounded=bounded) for name in names]
        share = MISSING if row["share_training"] != row["share_training"] else _write_share(row)
        values = [show_estimate(row, 3, bounded=bounded), *errors, share]
        cells.append([name_context(row), label_metric(metric), str(row["term"]), *values])
    headers = ["Context", "Metric", "Of", "Mean of runs", "SE test", "SD training", "SE one run"]
    title = f"{write_count(rows[0]['n_runs'])} training runs: error from test subjects and training"
    session.show_table(title, [*headers, "Training"], cells)
    session.say(
        "SE test: other test subjects; SD training: the same models trained again; Training: its "
        "share of the variance of one run. Intervals above take the trained models as given."
    )
    return result


def _write_share(row: Row) -> str:
    return f"{write_number(100 * row['share_training'], 0)}%"
