"""``exprstats factor``: item means to a one-factor model and its scores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

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
    split_gaps,
    split_names,
    split_scale,
)
from exprstats.cli.scales import (
    INDEPENDENT,
    list_loadings,
    show_invariance,
    show_ordered,
    show_resampling,
    show_restrictions,
    show_score_card,
)
from exprstats.cli.session import Session, open_session
from exprstats.errors import OptionError
from exprstats.numerals import count_things, write_level
from exprstats.words import ScoreMethod

if TYPE_CHECKING:
    import pandas as pd

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
            _write_scores(session, found.scores, scores)
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
        frame = _score(session, result, table, score_method)
        _write_scores(session, frame, scores)
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
    session.rows = result.tidy().to_dict("records")
    session.tables = {"factor": result.tidy(), "scores": result.scores}
    session.figures = {"figure2_factor": lambda: _draw(result)}
    show_loadings(session, result)
    session.show_table("The scale as a whole", *_list_wholes(rows, result.level))
    session.say(result.sentence())


def _draw(result: Factor) -> Any:
    from exprstats.plots import draw_factor

    return draw_factor(result)


def show_loadings(session: Session, result: Factor) -> None:
    """Print who computed the model, and one row for each context and item."""
    session.say(_tell_engine(result))
    rows = list_records(result.tidy(), part="all")
    title = "Standardised loadings and residual variances"
    session.show_table(title, *list_loadings(rows, list(result.items), result.level))


def _tell_engine(result: Factor) -> str:
    receipt = result.receipt
    if result.engine != "lavaan":
        return f"Computed by the closed form for three items, without R: {receipt.reason}"
    versions = ", ".join(f"{name} {version}" for name, version in receipt.versions.items())
    return f"Computed by lavaan ({versions}): {receipt.call}"


def _list_wholes(rows: list[Row], level: float) -> tuple[list[str], list[list[str]]]:
    found = index_rows(rows, "context", "term")
    cells = []
    for context in order_contexts(rows):
        omega, ave = found.get((context, "omega")), found.get((context, "ave"))
        counts = [show_count(omega, "n_clips")]
        cells.append(
            [context, *counts, show_estimate(omega), show_limits(omega), show_estimate(ave)]
        )
    return ["Context", "Rows", "Omega", f"{write_level(level)} CI", "AVE"], cells


def _explain(result: Factor) -> list[str]:
    if "subject" not in result.scores:
        return []
    clusters = result.solutions[-1].n_clusters
    if clusters is None:
        return [f"{INDEPENDENT} --cluster-robust (in R) and --draws allow for it."]
    return [f"Standard errors allow for clips of the same person ({clusters:,} people)."]


def _score(session: Session, result: Factor, table: pd.DataFrame, method: str) -> pd.DataFrame:
    from exprstats.measurement import score_clips

    if method == "bartlett":
        return result.scores
    names: list[ScoreMethod] = (
        ["bartlett", "regression", "mean"] if method == "all" else [cast("ScoreMethod", method)]
    )
    frames = [score_clips(result, table, method=name) for name in names]
    scores = frames[0] if len(frames) == 1 else _join_scores(dict(zip(names, frames, strict=True)))
    session.tables["scores"] = scores
    if method == "all":
        show_score_card(session, result, table)
    return scores


def _join_scores(frames: Mapping[ScoreMethod, pd.DataFrame]) -> pd.DataFrame:
    """Return one row a score, with columns of each method; their rows are the same."""
    first = next(iter(frames.values())).drop(columns=["score", "std_error"])
    columns = {
        f"{kind}_{method}": frame[kind]
        for method, frame in frames.items()
        for kind in ("score", "std_error")
    }
    return first.assign(**columns)


def _write_scores(session: Session, scores: pd.DataFrame, path: Path | None) -> None:
    from exprstats.io import write_csv

    if path is not None:
        write_csv(scores, path)
        session.say(f"{count_things(len(scores), 'score is', 'scores are')} in {path}.")
