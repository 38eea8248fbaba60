"""``exprstats fit``: clip features to a tuned model, its weights and its predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from exprstats.cli.cells import (
    Row,
    collect_notes,
    index_rows,
    list_records,
    order_contexts,
    show_count,
    show_estimate,
)
from exprstats.cli.options import (
    ByOption,
    ForceOption,
    JobsOption,
    JsonOption,
    MissingOption,
    OutOption,
    QuietOption,
    SeedOption,
    check_options,
    split_names,
)
from exprstats.cli.session import Session, open_session

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.models import Models


def fit_clips(
    clips: Annotated[
        Path, typer.Argument(metavar="CLIPS", help="One row a clip, with its features and target.")
    ],
    target: Annotated[str, typer.Option(metavar="COLUMN", help="What to predict.")],
    subject: Annotated[
        str, typer.Option(metavar="COLUMN", help="Who is seen; nobody is in two parts.")
    ],
    clip: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Names the clips. [default: clip]")
    ] = None,
    by: ByOption = None,
    features: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="Feature columns. [default: all other numbers]"),
    ] = None,
    model: Annotated[Literal["elastic"], typer.Option(help="Elastic net.")] = "elastic",
    predictions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every prediction, with its part.")
    ] = None,
    missing: MissingOption = None,
    json: JsonOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    seed: SeedOption = 1,
    n_jobs: JobsOption = 1,
    quiet: QuietOption = False,
) -> None:
    """Predict a target from clip features, on unseen subjects."""
    options = {"json": json, "out": out, "force": force, "quiet": quiet}
    with open_session("fit", seed=seed, **options) as session:
        check_options(n_jobs=n_jobs)
        chosen = split_names(features, "--features")
        from exprstats.io import read_clips, write_csv
        from exprstats.models import fit_elastic, split_subjects
        from exprstats.study import list_numbers

        session.note_file(clips)
        table = read_clips(
            clips,
            clip=clip or "clip",
            subject=subject,
            context=by,
            features=chosen,
            target=target,
            missing=split_names(missing, "--missing") or (),
        )
        named = chosen or list_numbers(table, target)
        table = _drop_gaps(session, table, [target, *named])
        parts = split_subjects(table, seed=seed)
        result = fit_elastic(
            table,
            target=target,
            features=named,
            parts=parts,
            by="context" if by else None,
            name=model,
        )
        _show(session, result)
        if predictions is not None:
            write_csv(result.predictions, predictions)
            session.say(f"{len(result.predictions):,} predictions are in {predictions}.")


def _drop_gaps(session: Session, clips: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    from exprstats.study import Logbook, drop_gaps

    log = Logbook(seed=0)
    reason = "a feature or the target is missing"
    kept = drop_gaps(clips, columns, log, stage="read", reason=reason)
    session.warnings += [str(one) for one in log.exclusions]
    return kept


def _show(session: Session, result: Models) -> None:
    session.rows = result.tidy()
    session.tables = {"fit": result.tidy(), "predictions": result.predictions}
    session.figures = {"figure4_weights": lambda: _draw(result)}
    rows = list_records(result.tidy())
    session.show_table("How well each part is predicted", *_list_parts(rows))
    session.show_table(
        "Weights: change of the target, in its unit, for one SD of the feature",
        *_list_weights(rows),
    )
    session.say(result.sentence())
    session.show_points("Notes", collect_notes(rows))


def _draw(result: Models) -> Any:
    from exprstats.plots import draw_weights

    return draw_weights(result)


def _list_parts(rows: list[Row]) -> tuple[list[str], list[list[str]]]:
    found = index_rows(rows, "context", "part", "term")
    cells = []
    for context in order_contexts(rows):
        settings = [
            show_estimate(found.get((context, "validate", term)), 2, bounded=False)
            for term in ("alpha", "l1_ratio")
        ]
        for part in ("train", "validate", "test"):
            rmse, r = (found.get((context, part, term)) for term in ("rmse", "correlation"))
            counts = [show_count(rmse, "n_clusters"), show_count(rmse, "n_clips")]
            numbers = [show_estimate(rmse, bounded=False), show_estimate(r)]
            cells.append([context, part, *counts, *numbers, *settings])
            settings = ["", ""]
    headers = ["Context", "Part", "Subjects", "Clips", "RMSE", "r", "Alpha", "L1 ratio"]
    return headers, cells


def _list_weights(rows: list[Row]) -> tuple[list[str], list[list[str]]]:
    weights = [row for row in rows if row["term"] == "weight"]
    found = index_rows(weights, "context", "feature")
    contexts = order_contexts(weights)
    features = dict.fromkeys(str(row["feature"]) for row in weights)
    cells = [
        [feature, *(show_estimate(found.get((c, feature)), bounded=False) for c in contexts)]
        for feature in features
    ]
    return ["Feature", *contexts], cells
