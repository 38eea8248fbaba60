"""``exprstats factor``: item means to a one-factor model and its scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exprstats.cli.cells import (
    Row,
    index_rows,
    list_records,
    order_contexts,
    show_count,
    show_estimate,
    show_limits,
)
from exprstats.cli.options import (
    ByOption,
    ForceOption,
    JobsOption,
    JsonOption,
    LevelOption,
    MissingOption,
    OutOption,
    QuietOption,
    SeedOption,
    check_options,
    split_names,
    split_scale,
)
from exprstats.cli.session import Session, open_session
from exprstats.numerals import write_level

if TYPE_CHECKING:
    from exprstats.measurement import Factor


def fit_file(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="One row a clip, with a column for each item.")
    ],
    items: Annotated[str, typer.Option(metavar="A,B,C", help="The item columns, at least three.")],
    clip: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Names the rows. [default: their number]")
    ] = None,
    by: ByOption = None,
    subject: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Who is seen; kept beside the scores."),
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option(metavar="LOW,HIGH", help="Lowest and highest answer, for the score's range."),
    ] = None,
    scores: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write each row's Bartlett score.")
    ] = None,
    missing: MissingOption = None,
    level: LevelOption = 0.95,
    json: JsonOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    seed: SeedOption = 1,
    n_jobs: JobsOption = 1,
    quiet: QuietOption = False,
) -> None:
    """Fit one factor to items through lavaan, and score the clips."""
    options = {"json": json, "out": out, "force": force, "quiet": quiet}
    with open_session("factor", seed=seed, **options) as session:
        check_options(level=level, n_jobs=n_jobs)
        names = split_names(items, "--items") or []
        limits = split_scale(scale)
        columns = {
            "items": names,
            "clip": clip or "clip",
            "subject": subject,
            "context": by,
            "scale": limits,
            "missing": split_names(missing, "--missing") or (),
        }
        from exprstats.io import read_items
        from exprstats.measurement import fit_factor

        session.note_file(file)
        result = fit_factor(
            read_items(file, **columns),
            items=names,
            by="context" if by else None,
            level=level,
            scale=limits,
        )
        _show(session, result)
        if scores is not None:
            _write_scores(session, result, scores)


def _show(session: Session, result: Factor) -> None:
    rows = list_records(result.tidy(), part="all")
    session.rows = result.tidy()
    session.tables = {"factor": result.tidy(), "scores": result.scores}
    show_loadings(session, result)
    session.show_table("The scale as a whole", *_list_wholes(rows))
    session.say(result.sentence())
    session.show_points("Notes", [*result.notes, *_explain(result)])


def show_loadings(session: Session, result: Factor) -> None:
    """Print who computed the model, and one row for each context and item."""
    session.say(_tell_engine(result))
    rows = list_records(result.tidy(), part="all")
    title = "Standardised loadings and residual variances"
    session.show_table(title, *_list_loadings(rows, list(result.items), result.level))


def _tell_engine(result: Factor) -> str:
    receipt = result.receipt
    if result.engine != "lavaan":
        return f"Computed by the closed form for three items, without R: {receipt.reason}"
    versions = ", ".join(f"{name} {version}" for name, version in receipt.versions.items())
    return f"Computed by lavaan ({versions}): {receipt.call}"


def _list_loadings(
    rows: list[Row], items: list[str], level: float
) -> tuple[list[str], list[list[str]]]:
    found = index_rows(rows, "context", "item", "term")
    cells = [
        [
            context,
            item,
            show_estimate(found.get((context, item, "loading"))),
            show_limits(found.get((context, item, "loading"))),
            show_estimate(found.get((context, item, "residual"))),
            show_limits(found.get((context, item, "residual"))),
        ]
        for context in order_contexts(rows)
        for item in items
    ]
    interval = f"{write_level(level)} CI"
    return ["Context", "Item", "Loading", interval, "Residual", interval], cells


def _list_wholes(rows: list[Row]) -> tuple[list[str], list[list[str]]]:
    found = index_rows(rows, "context", "term")
    cells = []
    for context in order_contexts(rows):
        omega, ave = found.get((context, "omega")), found.get((context, "ave"))
        counts = [show_count(omega, "n_clips")]
        cells.append(
            [context, *counts, show_estimate(omega), show_limits(omega), show_estimate(ave)]
        )
    return ["Context", "Rows", "Omega", "CI", "AVE"], cells


def _explain(result: Factor) -> list[str]:
    if "subject" not in result.scores:
        return []
    return ["Standard errors and intervals take clips as independent, also those of one person."]


def _write_scores(session: Session, result: Factor, path: Path) -> None:
    from exprstats.io import write_csv

    write_csv(result.scores, path)
    session.say(f"{len(result.scores):,} scores are in {path}.")
