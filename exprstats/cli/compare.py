"""``exprstats compare``: metrics and their differences from predictions, by whole subjects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from exprstats.apa import count_things
from exprstats.cli.command import opens_session
from exprstats.cli.options import (
    ByOption,
    ClipOption,
    LevelOption,
    option,
    split_id,
    split_names,
    split_sizes,
)
from exprstats.cli.reading import get_reading, reads_files
from exprstats.cli.session import Session
from exprstats.document.cells import list_records
from exprstats.errors import Option, OptionError
from exprstats.options import Compat, IntervalName, MetricName, SchemeName

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.inference import Comparison
    from exprstats.inference.comparison.methods import Companion


@reads_files
@opens_session("compare")
def compare_files(
    session: Session,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Predictions: long (model, prediction, truth) or one column per model; the truth "
            "may be in a file of its own.",
        ),
    ],
    subject: Annotated[
        str, option("Person seen in the clip; persons are resampled as a whole.", "COLUMN")
    ],
    truth: Annotated[str | None, option("The true values. [default: truth]", "COLUMN")] = None,
    models: Annotated[
        str | None,
        option(
            "Prediction columns, where each model has its own; the start of columns that are one "
            "model's classes (p of p_happy, p_sad); of long files, which to keep.",
            "A,B,...",
        ),
    ] = None,
    clip: ClipOption = None,
    by: ByOption = None,
    positive: Annotated[
        str | None, option("The class of the truth that predictions are probabilities of.", "CLASS")
    ] = None,
    common: Annotated[
        bool, option("Leave out the clips that some model does not predict.", name="--common")
    ] = False,
    metric: Annotated[
        str | None,
        option(
            f"Any of {', '.join(get_args(MetricName))}. Of correlations, _between is that of "
            "subjects' means (who is more so), _within that of clips about their subject's mean "
            "(when), _mean the mean of subjects' own. [default: rmse,correlation; of names of "
            f"classes accuracy,uar,macro_f1,kappa]",
            "NAME,...",
        ),
    ] = None,
    span: Annotated[
        float | None, option("Range of the true values that nrmse is divided by, such as 7.")
    ] = None,
    against: Annotated[
        str | None, option("Report only differences of this model from each other model.", "MODEL")
    ] = None,
    draws: Annotated[int, option("Bootstrap draws.", min=100)] = 2000,
    interval: Annotated[
        IntervalName,
        option("auto: jackknife-t; expanded percentile for metrics that are not smooth."),
    ] = "auto",
    strata: Annotated[
        str | None,
        option(
            "Sites or groups of subjects, whose numbers the design fixed: subjects are drawn "
            "within them.",
            "COLUMN",
        ),
    ] = None,
    scheme: Annotated[
        SchemeName,
        option("two-stage draws the clips of drawn subjects again: wider, rarely wanted."),
    ] = "clusters",
    compat: Annotated[Compat | None, option("p values as another program defines them.")] = None,
    margin: Annotated[
        str | None,
        option(
            "Test equivalence: smallest difference that matters, such as .05, or one a "
            "metric: rmse=.1,correlation=.05.",
            "SIZE",
        ),
    ] = None,
    swaps: Annotated[
        bool, option("Also test by swapping predictions within subjects.", name="--swaps")
    ] = False,
    calibration: Annotated[
        bool,
        option(
            "Also report whether predictions are too extreme, and limits for single clips.",
            name="--calibration",
        ),
    ] = False,
    contexts: Annotated[
        bool, option("Also compare each model between contexts.", name="--contexts")
    ] = False,
    width: Annotated[
        str | None,
        option(
            "Also report how many subjects give intervals of this width; one number, or one a "
            "metric as in --margin.",
            "SIZE",
        ),
    ] = None,
    runs: Annotated[
        bool,
        option(
            "Column 'seat' numbers training runs (seeds, folds) of the same models: also "
            "separate variance from training and from test subjects.",
            name="--runs",
        ),
    ] = False,
    seat: Annotated[
        str | None,
        option("Training runs, or raters; files without it have none. [default: seat]", "COLUMN"),
    ] = None,
    level: LevelOption = 0.95,
    *,
    seed: int,
    n_jobs: int,
) -> None:
    """Compare models, with intervals and p that respect subjects."""
    asked = split_names(metric, "--metric")
    if contexts and not by:
        told = " compares contexts. Name their column with ", Option("by"), "."
        raise OptionError(Option("contexts"), *told)
    if span is not None and "nrmse" not in (asked or ()):
        told = " is for nrmse, which is not asked for. Add ", Option("metric", "nrmse"), "."
        raise OptionError(Option("span", f"{span:g}"), *told)
    from exprstats.inference import compare_models, describe_methods
    from exprstats.io import read_predictions
    from exprstats.io.clips import join_strata
    from exprstats.io.files.joined import list_joined
    from exprstats.report.sections.classes import describe_class_counts
    from exprstats.report.sections.companions import join_plans
    from exprstats.study.targets import choose_metrics

    files = [one for file in files for one in list_joined(file) or (file,)]
    for file in files:
        session.note_file(file)
    people = split_id(subject, "--subject") or subject
    columns: dict[str, Any] = {"subject": people, "truth": truth or "truth", "seat": seat}
    columns |= {"clip": split_id(clip, "--clip") or "clip"}
    columns |= {"context": split_id(by, "--by"), "common": common, "reading": get_reading()}
    columns["positive"] = positive
    named = split_names(models, "--models")
    table = keep_test(session, read_predictions(files, models=named, **columns))
    table = join_strata(table, files, subject=people, strata=strata, reading=get_reading())
    metrics = choose_metrics(asked, table)
    say_positive(session, table, truth or "truth", metrics, positive)
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
    session.add_table("comparison", result.tidy())
    wanted = {**sizes, "swaps": swaps, "contexts": contexts, "runs": runs}
    wanted["calibration"] = calibration
    found, plans = keep_companions(session, table, result, wanted, chance=chance, place=place)
    if "truth_class" in table:
        session.show(describe_class_counts(table))
    session.present(result, *found, join_plans(plans) if plans else None)
    if result.table["versus"].notna().any():
        session.add_figure("differences", "draw_differences", result)
    session.say(f"Methods: {describe_methods(result, *found, *plans)}")


def say_positive(
    session: Session, table: pd.DataFrame, truth: str, metrics: list[str], positive: str | None
) -> None:
    """Say which class metrics of one class are about, and how many clips have it."""
    if not {"auc", "average_precision", "precision", "recall", "f1"} & {*metrics}:
        return
    clips = table.drop_duplicates([one for one in ("context", "clip") if one in table])
    held = int((clips["truth"] == 1).sum())
    named = f"'{positive}'" if positive else "1"
    of = count_things(held, "clip has", "clips have", of=len(clips))
    session.say(f"The positive class of '{truth}' is {named}: {of} it ({held / len(clips):.0%}).")


def keep_test(session: Session, predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the predictions of test subjects, where there are any and parts are known."""
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


def keep_companions(
    session: Session,
    table: pd.DataFrame,
    result: Comparison,
    wanted: dict[str, Any],
    *,
    chance: dict[str, Any],
    place: dict[str, Any],
) -> tuple[list[Companion], list[Any]]:
    """Keep and return what was asked for beside the comparison (``wanted``), and the plans."""
    from exprstats import inference

    names = list(dict.fromkeys(sample.metric.name for sample in result.samples))
    found: list[Any] = []
    if wanted["margin"]:
        options = {"margin": wanted["margin"], "reference": place["against"]}
        found.append(inference.judge_equivalence(result, **options))
        session.add_table("equivalence", found[-1].tidy(), headline=False)
    if wanted["swaps"]:
        found.append(inference.permute_models(table, metrics=names, **chance, **place))
        session.add_table("permutation", found[-1].tidy(), method="permutation", headline=False)
    if wanted["contexts"]:
        how = {"interval": result.interval, "level": result.level, "span": place["span"]}
        found.append(inference.compare_contexts(table, metrics=names, **chance, **how))
        session.tables["context_differences"] = found[-1].tidy()
        for row in list_records(found[-1].tidy()):
            # A difference between contexts belongs to no context itself.
            about = {"context": None, "first": row["context"], "headline": False}
            session.rows.append({**row, **about, "term": f"{row['model']}: {row['term']}"})
    if wanted["runs"]:
        found.append(inference.split_variance(table, metrics=names, **place))
        more = {"method": "training runs", "headline": False}
        session.add_table("training_variance", found[-1].tidy(), **more)
    if wanted["calibration"]:
        how = {"by": place["by"], "level": result.level}
        found.append(inference.calibrate_models(table, **how))
        session.add_table("calibration", found[-1].tidy(), headline=False)
        session.tables["calibration_curves"] = found[-1].curves
    plans = []
    for name, width in (wanted["width"] or {}).items():
        options = {**chance, **place, "level": result.level, "width": width}
        plans.append(inference.plan_precision(table, metrics=name, **options))
        rows = list_records(plans[-1].tidy())
        session.rows += [{**row, "method": "plan", "headline": False} for row in rows]
    if plans:
        import pandas as pd

        session.tables["plan"] = pd.concat([plan.tidy() for plan in plans], ignore_index=True)
    return found, plans
