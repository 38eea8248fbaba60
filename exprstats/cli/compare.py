"""``exprstats compare``: metrics and their differences from predictions, by whole subjects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from exprstats.apa import write_count, write_level
from exprstats.cli.compare_more import (
    join_strata,
    show_contexts,
    show_equivalence,
    show_plan,
    show_runs,
    show_swaps,
)
from exprstats.cli.options import (
    ByOption,
    ForceOption,
    JobsOption,
    JsonOption,
    LevelOption,
    OutOption,
    QuietOption,
    SeedOption,
    is_bounded,
    label_metric,
    split_names,
    split_sizes,
)
from exprstats.cli.session import Session, open_session
from exprstats.document.cells import (
    Row,
    collect_row_notes,
    is_absent,
    list_records,
    name_context,
    show_count,
    show_estimate,
    show_limits,
    show_p,
)
from exprstats.errors import OptionError
from exprstats.options import Compat, IntervalName, MetricName, SchemeName

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.inference import Comparison

# Metrics of classes that need no one class to be the one of interest.
LABEL_METRICS = ("accuracy", "uar", "macro_f1", "kappa")
NUMBER_METRICS = ("rmse", "correlation")


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
        typer.Option(
            metavar="A,B,...",
            help="Prediction columns, where each model has its own; of long files, which to keep.",
        ),
    ] = None,
    by: ByOption = None,
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help=f"Any of {', '.join(get_args(MetricName))}. Of correlations, _between is that of "
            "subjects' means (who is more so), _within that of clips about their subject's mean "
            "(when), _mean the mean of subjects' own. [default: rmse,correlation; of names of "
            f"classes {','.join(LABEL_METRICS)}]",
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
    strata: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Sites or groups of subjects, whose numbers the design fixed: subjects are drawn "
            "within them.",
        ),
    ] = None,
    scheme: Annotated[
        SchemeName,
        typer.Option(
            help="two-stage draws the clips of drawn subjects again: wider, rarely wanted."
        ),
    ] = "clusters",
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
    width: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Also say how many subjects give intervals this wide from limit to limit; one "
            "number, or one a metric as in --margin.",
        ),
    ] = None,
    runs: Annotated[
        bool,
        typer.Option(
            "--runs",
            help="Column 'seat' numbers training runs (seeds, folds) of the same models: also "
            "tell variance from training and from test subjects apart.",
        ),
    ] = False,
    seat: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Training runs, or raters; files without it have none. [default: seat]",
        ),
    ] = None,
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
        asked = split_names(metric, "--metric")
        if contexts and not by:
            message = "--contexts compares contexts. Name their column with --by."
            raise OptionError(message)
        if span is not None and "nrmse" not in (asked or ()):
            message = f"--span {span:g} is for nrmse, which is not asked for. Add --metric nrmse."
            raise OptionError(message)
        columns = {
            "subject": subject,
            "truth": truth or "truth",
            "models": split_names(models, "--models"),
            "context": by,
            "seat": seat,
        }
        from exprstats.inference import compare_models
        from exprstats.io import read_predictions

        for file in files:
            session.note_file(file)
        table = _keep_test(session, read_predictions(files, **columns))
        table = join_strata(table, files, subject=subject, strata=strata)
        metrics = settle_metrics(asked, table)
        sizes = {
            "margin": split_sizes(margin, metrics),
            "width": split_sizes(width, metrics, "--width"),
        }
        chance: dict[str, Any] = {"draws": draws, "seed": seed, "n_jobs": n_jobs}
        place: dict[str, Any] = {"against": against, "by": "context" if by else None, "span": span}
        how = {"interval": interval, "level": level}
        result = compare_models(
            table, metrics=metrics, **chance, **place, **how,
            compat=compat, strata=strata, scheme=scheme,
        )  # fmt: skip
        show_predicted(session, table)
        _show(session, result)
        wanted = {**sizes, "swaps": swaps, "contexts": contexts, "runs": runs}
        companions = _show_more(session, table, result, wanted, chance=chance, place=place)
        session.say(result.sentence())
        session.say(f"Methods: {_describe(result, companions)}")
        session.show_points("Notes", _explain(result))


def _show_more(
    session: Session,
    table: pd.DataFrame,
    result: Comparison,
    wanted: dict[str, Any],
    *,
    chance: dict[str, Any],
    place: dict[str, Any],
) -> list[Any]:
    """Print what was asked for beside the comparison, and return those results."""
    names = list(dict.fromkeys(sample.metric.name for sample in result.samples))
    found: list[Any] = []
    if wanted["margin"]:
        found.append(show_equivalence(session, result, wanted["margin"], place["against"]))
    if wanted["swaps"]:
        found.append(show_swaps(session, table, metrics=names, **chance, **place))
    if wanted["contexts"]:
        how = {"interval": result.interval, "level": result.level, "span": place["span"]}
        found.append(show_contexts(session, table, metrics=names, **chance, **how))
    if wanted["runs"]:
        found.append(show_runs(session, table, metrics=names, **place))
    if wanted["width"]:
        options = {**chance, **place, "level": result.level}
        found += show_plan(session, table, wanted["width"], **options)
    return found


def _describe(result: Comparison, companions: list[Any]) -> str:
    from exprstats.inference import describe_methods

    return describe_methods(result, *companions)


def _keep_test(session: Session, predictions: pd.DataFrame) -> pd.DataFrame:
    if "part" not in predictions or set(predictions["part"].unique()) == {"test"}:
        return predictions
    test = predictions["part"] == "test"
    if not test.any():
        return predictions
    session.warnings.append(
        f"Only rows whose part is 'test' are compared ({test.sum():,}); those of subjects that "
        f"models have seen are left out ({(~test).sum():,})."
    )
    return predictions[test]


def _show(session: Session, result: Comparison) -> None:
    table = result.tidy()
    session.add_table("comparison", table)
    session.add_figure("figure3_performance", "draw_performance", result)
    if table["versus"].notna().any():
        session.add_figure("differences", "draw_differences", result)
    show_metrics(session, result)


def _explain(result: Comparison) -> list[str]:
    notes = collect_row_notes(list_records(result.tidy(), headline=True))
    compat, headline = result.compat, result.table.loc[result.table["headline"], "method"]
    if result.scheme == "two-stage" and headline.eq("jackknife").any():
        notes.append(
            "the scheme two-stage is that of the bootstrap: jackknife intervals do not depend on "
            "it. --interval percentile prints those that do."
        )
    if result.strata is not None:
        notes.append(
            f"strata ({result.strata}) hold for the intervals and p of scores and differences."
        )
    if result.interval == "bca":
        notes.append("BCa intervals, never the headline, are rows of --json and --out.")
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
        label, bounded = label_metric(name), is_bounded(name)
        mine = [row for row in rows if row["metric"] == name]
        scores = [row for row in mine if is_absent(row.get("versus"))]
        versus = [row for row in mine if not is_absent(row.get("versus"))]
        session.show_table(label, *_list_scores(scores, result.level, bounded))
        if versus:
            title = f"{label}: differences"
            session.show_table(title, *_list_differences(versus, result.level, bounded))


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


def settle_metrics(asked: list[str] | None, predictions: pd.DataFrame) -> list[str]:
    """Return the metrics asked for, or those that suit the predictions.

    Raises
    ------
    OptionError
        A metric of numbers, or of a class called 1, for predictions that are names.
    """
    named = "truth_class" in predictions
    if asked is None:
        return list(LABEL_METRICS if named else NUMBER_METRICS)
    known = set(get_args(MetricName)) - set(LABEL_METRICS)
    wrong = [name for name in asked if named and name in known]
    if wrong:
        classes = list_names(predictions)
        message = (
            f"--metric {wrong[0]} needs numbers, but these are names of classes: "
            f"{', '.join(classes[:5])}{' ...' * (len(classes) > 5)}. "
            f"Use {', '.join(LABEL_METRICS)}, or write 1 for one class and 0 for all others."
        )
        raise OptionError(message)
    return asked


def list_names(predictions: pd.DataFrame) -> list[str]:
    """Return the names of the classes that are true or predicted somewhere, in order."""
    columns = (predictions[name].dropna() for name in ("truth_class", "prediction_class"))
    return sorted({str(one) for column in columns for one in column.unique()})


def show_predicted(session: Session, predictions: pd.DataFrame) -> None:
    """Print how often each class is true, and how often each model predicts it."""
    if "truth_class" not in predictions:
        return
    if "fitted_on" in predictions and predictions["fitted_on"].eq("all").any():
        predictions = predictions[predictions["fitted_on"] == "all"]
    models = [str(one) for one in predictions["model"].unique()]
    first = predictions[predictions["model"] == models[0]]
    cells = []
    for label in list_names(predictions):
        true = first[first["truth_class"] == label]
        counts = [
            int(predictions.query("model == @model")["prediction_class"].eq(label).sum())
            for model in models
        ]
        cells.append([label, write_count(len(true)), *map(write_count, counts)])
    headers = ["Class", "True", *(f"By {model}" for model in models)]
    session.show_table("Clips of each class", headers, cells)
