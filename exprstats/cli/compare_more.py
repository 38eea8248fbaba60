"""Further analyses of ``exprstats compare``: equivalence, planning, strata and training runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exprstats.apa import MISSING, write_count, write_level, write_number
from exprstats.cli.options import is_bounded, label_metric
from exprstats.document.cells import (
    Row,
    is_absent,
    list_records,
    name_context,
    name_first,
    show_count,
    show_estimate,
    show_limits,
    show_p,
)
from exprstats.errors import DataError, Problem
from exprstats.options import name_nearest

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session
    from exprstats.inference import (
        Comparison,
        ContextComparison,
        Equivalence,
        Permutation,
        Precision,
        VarianceSplit,
    )

# A plan for many times the pilot's subjects rests on the few that the pilot had.
_FAR = 10
_WORDS = {True: "yes", False: "not shown"}


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
    from exprstats.inference.comparison.wording import write_range, write_size

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


def show_equivalence(
    session: Session, result: Comparison, margin: dict[str, float], reference: str | None
) -> Equivalence:
    """Print which models differ by less than a margin, and add the rows."""
    from exprstats.inference import judge_equivalence
    from exprstats.inference.comparison.wording import write_alpha, write_size

    verdict = judge_equivalence(result, margin=margin, reference=reference)
    rows = session.add_table("equivalence", verdict.tidy(), headline=False)
    for name in dict.fromkeys(str(row["metric"]) for row in rows):
        mine = [row for row in rows if row["metric"] == name]
        title = f"{label_metric(name)}: equivalence within ±{write_size(name, margin[name])}"
        session.show_table(title, *_list_equivalence(mine, is_bounded(name)))
    level, alpha = write_level(1 - 2 * verdict.alpha), write_alpha(verdict.alpha)
    session.say(
        f"Equivalent: p of two one-sided tests, adjusted by Holm, is below {alpha}; before that, "
        f"it is where the {level} interval of the difference lies within the margin. Not shown is "
        "no proof of a difference. The margin must come from the question, not from these data."
    )
    return verdict


def _list_equivalence(rows: list[Row], bounded: bool) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            name_context(row),
            str(row["term"]),
            show_estimate(row, 3, bounded=bounded),
            show_limits(row, 3, bounded=bounded),
            show_p(row, "p_adjusted"),
            _judge(row, "p_adjusted", "equivalent"),
            show_p(row, "p_noninferior"),
            _judge(row, "p_noninferior", "noninferior"),
        ]
        for row in rows
    ]
    interval = f"{write_level(rows[0]['level'])} CI"
    verdicts = ["p equiv.", "Equivalent", "p noninf.", "Not inferior"]
    return ["Context", "Difference", "Estimate", interval, *verdicts], cells


def _judge(row: Row, p_value: str, name: str) -> str:
    return MISSING if is_absent(row[p_value]) else _WORDS[bool(row[name])]


def show_swaps(session: Session, predictions: pd.DataFrame, **options: Any) -> Permutation:
    """Print p values of swapping models' predictions within subjects, and add the rows."""
    from exprstats.inference import permute_models

    result = permute_models(predictions, **options)
    more = {"method": "permutation", "headline": False}
    rows = session.add_table("permutation", result.tidy(), **more)
    cells = [
        [
            name_context(row),
            label_metric(str(row["metric"])),
            str(row["term"]),
            show_estimate(row, 3, bounded=is_bounded(str(row["metric"]))),
            show_p(row),
            show_p(row, "p_adjusted"),
        ]
        for row in rows
    ]
    headers = ["Context", "Metric", "Difference", "Estimate", "p", "p Holm"]
    session.show_table("Differences tested by swapping predictions within subjects", headers, cells)
    return result


def show_contexts(session: Session, predictions: pd.DataFrame, **options: Any) -> ContextComparison:
    """Print how each model's performance differs between contexts, and add the rows."""
    from exprstats.inference import compare_contexts

    result = compare_contexts(predictions, **options)
    rows = list_records(result.tidy())
    session.tables["context_differences"] = result.tidy()
    session.rows += [name_first(row, f"{row['model']}: {row['term']}") for row in rows]
    cells = [
        [
            str(row["model"]),
            label_metric(str(row["metric"])),
            str(row["term"]),
            show_estimate(row, 3, bounded=is_bounded(str(row["metric"]))),
            show_limits(row, 3, bounded=is_bounded(str(row["metric"]))),
            show_p(row),
            show_p(row, "p_adjusted"),
        ]
        for row in rows
        if row["headline"]
    ]
    interval = f"{write_level(result.level)} CI"
    headers = ["Model", "Metric", "Contexts", "Estimate", interval, "p", "p Holm"]
    session.show_table("Each model between contexts", headers, cells)
    return result
