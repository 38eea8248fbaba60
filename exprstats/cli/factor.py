"""``exprstats factor``: item means to a one-factor model and its scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from exprstats.cli.cells import list_records
from exprstats.cli.loadings import INDEPENDENT, list_wholes, show_loadings, show_ordered
from exprstats.cli.options import (
    ByOption,
    EstimatorOption,
    ForceOption,
    GapsOption,
    ItemsOption,
    JsonOption,
    LevelOption,
    OutOption,
    QuietOption,
    RobustOption,
    RowsOption,
    SeedOption,
    SingleJobOption,
)
from exprstats.cli.resamplings import show_resampling
from exprstats.cli.restrictions import show_invariance, show_restrictions
from exprstats.cli.scorings import score_table, write_scores
from exprstats.cli.session import Session, open_session
from exprstats.cli.values import split_gaps, split_names, split_scale
from exprstats.errors import OptionError

if TYPE_CHECKING:
    from exprstats.measurement import Factor

FEWEST_DRAWS = 100


def fit_file(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="One row a clip, with a column for each item.")
    ],
    items: ItemsOption,
    clip: RowsOption = None,
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
        Path | None, typer.Option(metavar="FILE", help="Write each row's score.")
    ] = None,
    score_method: Annotated[
        Literal["bartlett", "regression", "mean", "all"],
        typer.Option(help="Which scores --scores writes; all: a column each, and how they differ."),
    ] = "bartlett",
    estimator: EstimatorOption = "ml",
    missing: GapsOption = None,
    cluster_robust: RobustOption = False,
    ordered: Annotated[
        bool, typer.Option("--ordered", help="Answers are few ordered categories (needs R).")
    ] = False,
    restrictions: Annotated[
        bool, typer.Option("--restrictions", help="Test equal loadings, then residuals too.")
    ] = False,
    invariance: Annotated[
        bool, typer.Option("--invariance", help="Test whether contexts are measured alike.")
    ] = False,
    draws: Annotated[
        int, typer.Option(min=0, help="Resample subjects: intervals, contexts compared.")
    ] = 0,
    level: LevelOption = 0.95,
    json: JsonOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    seed: SeedOption = 1,
    n_jobs: SingleJobOption = 1,
    quiet: QuietOption = False,
) -> None:
    """Fit one factor to items through lavaan, and score the clips."""
    options = {"json": json, "out": out, "force": force, "quiet": quiet}
    with open_session("factor", seed=seed, files={"--scores": scores}, **options) as session:
        names = split_names(items, "--items") or []
        limits = split_scale(scale)
        rule, codes = split_gaps(missing)
        _check_needs(subject, by, robust=cluster_robust, draws=draws, invariance=invariance)
        asked = [estimator != "ml", rule != "listwise", cluster_robust, restrictions, invariance]
        _check_ordered(ordered, any([*asked, draws, score_method != "bartlett"]))
        if score_method in {"regression", "mean"} and scores is None and out is None:
            message = f"--score-method {score_method} is for scores that are written. Add --scores."
            raise OptionError(message)
        from exprstats.io import read_items

        session.note_file(file)
        columns = {"items": names, "clip": clip or "clip", "subject": subject, "context": by}
        table = read_items(file, **columns, scale=limits, missing=codes)
        choices: dict[str, Any] = {"items": names, "level": level}
        context = "context" if by else None
        cluster = "subject" if cluster_robust else None
        if ordered:
            found = show_ordered(session, table, **choices, by=context)
            write_scores(session, found.scores, scores)
            return
        from exprstats.measurement import fit_factor

        result = fit_factor(
            table,
            **choices,
            by=context,
            cluster=cluster,
            missing=rule,
            estimator=estimator,
            scale=limits,
        )
        _show(session, result)
        if restrictions:
            show_restrictions(session, table, **choices, by=context, cluster=cluster)
        if invariance:
            show_invariance(session, table, **choices, cluster=cluster)
        if draws:
            resampling = {"cluster": "subject", "draws": draws, "seed": seed}
            show_resampling(session, table, **choices, by=context, **resampling)
        frame = score_table(session, result, table, score_method)
        write_scores(session, frame, scores)
        session.show_points("Notes", [*result.notes, *_explain(result)])


def _check_needs(
    subject: str | None, by: str | None, *, robust: bool, draws: int, invariance: bool
) -> None:
    if subject is None and (robust or draws):
        option = "--cluster-robust" if robust else "--draws"
        message = f"{option} needs to know whose clips belong together. Name --subject COLUMN."
        raise OptionError(message)
    if by is None and invariance:
        message = "--invariance compares contexts. Name their column with --by."
        raise OptionError(message)
    if 0 < draws < FEWEST_DRAWS:
        message = f"--draws {draws} is too few; ask for {FEWEST_DRAWS}, better 2000."
        raise OptionError(message)


def _check_ordered(ordered: bool, others: bool) -> None:
    if ordered and others:
        message = (
            "--ordered has its own estimator, errors and scores; leave --estimator, --missing "
            "fiml, --cluster-robust, --restrictions, --invariance, --draws and --score-method out."
        )
        raise OptionError(message)


def _show(session: Session, result: Factor) -> None:
    rows = list_records(result.tidy(), part="all")
    session.add_table("factor", result.tidy())
    session.tables["scores"] = result.scores
    session.add_figure("figure2_factor", "draw_factor", result)
    show_loadings(session, result)
    session.show_table("The scale as a whole", *list_wholes(rows, result.level))
    session.say(result.sentence())


def _explain(result: Factor) -> list[str]:
    if "subject" not in result.scores:
        return []
    clusters = result.solutions[-1].n_clusters
    if clusters is None:
        return [f"{INDEPENDENT} --cluster-robust (in R) and --draws allow for it."]
    return [f"Standard errors allow for clips of the same person ({clusters:,} people)."]
