"""``exprstats compare``: predictions to metrics and their differences, by whole subjects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import typer

from exprstats.cli.cells import (
    Row,
    collect_notes,
    is_absent,
    list_records,
    name_context,
    show_count,
    show_estimate,
    show_limits,
    show_p,
)
from exprstats.cli.labels import LABEL_METRICS, settle_metrics, show_predicted
from exprstats.cli.options import (
    ByOption,
    ForceOption,
    JobsOption,
    JsonOption,
    LevelOption,
    OutOption,
    QuietOption,
    SeedOption,
    check_options,
    split_names,
)
from exprstats.cli.session import Session, open_session
from exprstats.cli.verdicts import show_contexts, show_equivalence, show_swaps, split_margin
from exprstats.errors import OptionError
from exprstats.numerals import write_level
from exprstats.words import Compat, IntervalName, MetricName

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.inference import Comparison


def compare_files(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Predictions: long (model, prediction, truth) or a column a model.",
        ),
    ],
    subject: Annotated[
        str, typer.Option(metavar="COLUMN", help="Who is seen; resampled as a whole.")
    ],
    truth: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The true values. [default: truth]")
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="Prediction columns, where each model has its own."),
    ] = None,
    by: ByOption = None,
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help=f"Any of {', '.join(get_args(MetricName))}. [default: rmse,correlation; of names "
            f"of classes {','.join(LABEL_METRICS)}]",
        ),
    ] = None,
    span: Annotated[
        float | None,
        typer.Option(help="Range of the true values that nrmse is divided by, such as 7."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Only its differences from each other model."),
    ] = None,
    draws: Annotated[int, typer.Option(min=100, help="Bootstrap draws.")] = 2000,
    interval: Annotated[
        IntervalName, typer.Option(help="auto: percentile from 40 subjects on, else jackknife.")
    ] = "auto",
    compat: Annotated[
        Compat | None, typer.Option(help="p values as another program defines them.")
    ] = None,
    margin: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Test equivalence: smallest difference that matters, such as .05, or one a "
            "metric: rmse=.1,correlation=.05.",
        ),
    ] = None,
    swaps: Annotated[
        bool, typer.Option("--swaps", help="Also test by swapping predictions within subjects.")
    ] = False,
    contexts: Annotated[
        bool, typer.Option("--contexts", help="Also compare each model between contexts.")
    ] = False,
    level: LevelOption = 0.95,
    json: JsonOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    seed: SeedOption = 1,
    n_jobs: JobsOption = 1,
    quiet: QuietOption = False,
) -> None:
    """Compare models, with intervals and p that respect subjects."""
    options = {"json": json, "out": out, "force": force, "quiet": quiet}
    with open_session("compare", seed=seed, **options) as session:
        check_options(level=level, n_jobs=n_jobs)
        asked = split_names(metric, "--metric")
        if contexts and not by:
            message = "--contexts compares contexts. Name their column with --by."
            raise OptionError(message)
        columns = {
            "subject": subject,
            "truth": truth or "truth",
            "models": split_names(models, "--models"),
            "context": by,
        }
        from exprstats.inference import compare_models
        from exprstats.io import read_predictions

        for file in files:
            session.note_file(file)
        table = _keep_test(session, read_predictions(files, **columns))
        metrics = settle_metrics(asked, table)
        margins = split_margin(margin, metrics)
        shared: dict[str, Any] = {
            "metrics": metrics,
            "span": span,
            "draws": draws,
            "seed": seed,
            "n_jobs": n_jobs,
        }
        place: dict[str, Any] = {"against": against, "by": "context" if by else None}
        result = compare_models(
            table, **shared, **place, interval=interval, level=level, compat=compat
        )
        show_predicted(session, table)
        _show(session, result)
        if margins:
            show_equivalence(session, result, margins, against)
        if swaps:
            show_swaps(session, table, **shared, **place)
        if contexts:
            show_contexts(session, table, **shared, interval=interval, level=level)
        session.say(result.sentence())
        session.say(f"Methods: {_describe(result)}")
        session.show_points("Notes", _explain(result, compat))


def _describe(result: Comparison) -> str:
    from exprstats.inference import describe_methods

    return describe_methods(result)


def _keep_test(session: Session, predictions: pd.DataFrame) -> pd.DataFrame:
    if "part" not in predictions or set(predictions["part"].unique()) == {"test"}:
        return predictions
    test = predictions["part"] == "test"
    if not test.any():
        return predictions
    session.warnings.append(
        f"Only the {int(test.sum()):,} rows whose part is 'test' are compared; "
        f"{int((~test).sum()):,} rows of subjects that models have seen are left out."
    )
    return predictions[test]


def _show(session: Session, result: Comparison) -> None:
    table = result.tidy()
    session.rows = table.to_dict("records")
    session.tables = {"comparison": table}
    session.figures = {"figure3_performance": lambda: _draw(result, "draw_performance")}
    if table["versus"].notna().any():
        session.figures["differences"] = lambda: _draw(result, "draw_differences")
    show_metrics(session, result)


def _explain(result: Comparison, compat: str | None) -> list[str]:
    notes = collect_notes(list_records(result.tidy(), headline=True))
    if compat:
        notes.append(
            f"p values are defined as in {compat}: twice the smaller share of draws beyond 0, also "
            "for single scores."
        )
    return notes


def show_metrics(session: Session, result: Comparison) -> None:
    """Print each metric's scores and differences, the headline intervals only."""
    rows = list_records(result.tidy(), headline=True)
    for name in dict.fromkeys(row["metric"] for row in rows):
        label, bounded = _describe_metric(name)
        mine = [row for row in rows if row["metric"] == name]
        scores = [row for row in mine if is_absent(row.get("versus"))]
        versus = [row for row in mine if not is_absent(row.get("versus"))]
        session.show_table(label, *_list_scores(scores, result.level, bounded))
        if versus:
            title = f"{label}: differences"
            session.show_table(title, *_list_differences(versus, result.level, bounded))


def _describe_metric(name: str) -> tuple[str, bool]:
    from exprstats.inference import list_metrics

    known = list_metrics().get(name)
    return (known.label, known.bounded) if known else (name, False)


def _draw(result: Comparison, name: Literal["draw_performance", "draw_differences"]) -> Any:
    from exprstats import plots

    return getattr(plots, name)(result)


def _list_scores(rows: list[Row], level: float, bounded: bool) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            name_context(row),
            str(row["model"]),
            show_estimate(row, 3, bounded=bounded),
            show_limits(row, 3, bounded=bounded),
            show_count(row, "n_clips"),
            show_count(row, "n_clusters"),
        ]
        for row in rows
    ]
    headers = ["Context", "Model", "Estimate", f"{write_level(level)} CI", "Clips", "Subjects"]
    return headers, cells


def _list_differences(
    rows: list[Row], level: float, bounded: bool
) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            name_context(row),
            str(row["term"]),
            show_estimate(row, 3, bounded=bounded),
            show_limits(row, 3, bounded=bounded),
            show_p(row),
            show_p(row, "p_adjusted"),
        ]
        for row in rows
    ]
    return ["Context", "Difference", "Estimate", f"{write_level(level)} CI", "p", "p Holm"], cells
