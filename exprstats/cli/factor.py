"""``exprstats factor``: a one-factor model of item means and its scores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from exprstats.apa import MISSING, count_things, write_count, write_level, write_number, write_p
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
from exprstats.cli.session import Session, open_session
from exprstats.document.cells import (
    Row,
    index_rows,
    is_absent,
    list_records,
    name_context,
    order_contexts,
    show_count,
    show_estimate,
    show_limits,
    show_p,
)
from exprstats.errors import OptionError
from exprstats.options import ScoreMethod

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.measurement import Factor, NestedModels, OrderedFactor

FEWEST_DRAWS = 100
INDEPENDENT = "Standard errors and intervals take clips as independent, also those of one person."


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
            show_restrictions(session, table, **choices, by=context, cluster=cluster, missing=rule)
        if invariance:
            show_invariance(session, table, **choices, cluster=cluster, missing=rule)
        if draws:
            resampling = {"cluster": "subject", "draws": draws, "seed": seed, "missing": rule}
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
    rows = list_records(result.tidy(), part="all", headline=True)
    session.add_table("factor", result.tidy())
    session.tables["scores"] = result.scores
    session.add_figure("figure2_factor", "draw_factor", result)
    show_loadings(session, result)
    session.show_table("The scale as a whole", *list_wholes(rows, result.level))
    session.say(result.sentence())


def _explain(result: Factor) -> list[str]:
    if "subject" not in result.scores:
        return []
    people = result.solutions[-1].n_subjects
    if people is not None:
        return [f"Intervals come from leaving out one of {people:,} people at a time (jackknife)."]
    clusters = result.solutions[-1].n_clusters
    if clusters is None:
        return [f"{INDEPENDENT} --cluster-robust (in R) and --draws allow for it."]
    return [f"Standard errors allow for clips of the same person ({clusters:,} people)."]


def show_loadings(session: Session, result: Factor) -> None:
    """Print who computed the model, and one row for each context and item."""
    session.say(_tell_engine(result))
    rows = list_records(result.tidy(), part="all", headline=True)
    title = "Standardised loadings and residual variances"
    session.show_table(title, *list_loadings(rows, list(result.items), result.level))


def _tell_engine(result: Factor) -> str:
    receipt = result.receipt
    if result.engine != "lavaan":
        return f"Computed by the closed form for three items, without R: {receipt.reason}"
    versions = ", ".join(f"{name} {version}" for name, version in receipt.versions.items())
    return f"Computed by lavaan ({versions}): {receipt.call}"


def list_loadings(
    rows: list[Row], items: list[str], level: float
) -> tuple[list[str], list[list[str]]]:
    """Return headers and cells of loadings and residuals, one row for each context and item."""
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


def list_wholes(rows: list[Row], level: float) -> tuple[list[str], list[list[str]]]:
    """Return headers and cells of omega and AVE, one row for each context."""
    found = index_rows(rows, "context", "term")
    cells = []
    for context in order_contexts(rows):
        omega, ave = found.get((context, "omega")), found.get((context, "ave"))
        counts = [show_count(omega, "n_clips")]
        cells.append(
            [context, *counts, show_estimate(omega), show_limits(omega), show_estimate(ave)]
        )
    return ["Context", "Rows", "Omega", f"{write_level(level)} CI", "AVE"], cells


def show_ordered(session: Session, table: pd.DataFrame, **options: Any) -> OrderedFactor:
    """Fit ordered items, print loadings and thresholds, and return the fit."""
    from exprstats.measurement import fit_ordered

    result = fit_ordered(table, **options)
    rows = session.add_table("factor", result.tidy())
    session.tables["scores"] = result.scores
    versions = ", ".join(f"{name} {one}" for name, one in result.receipt.versions.items())
    session.say(f"Computed by lavaan ({versions}): {result.receipt.call}")
    title = "Standardised loadings and residual variances of the responses behind the answers"
    session.show_table(title, *list_loadings(rows, list(result.items), result.level))
    cells = [
        [
            name_context(row),
            str(row["item"]),
            f"{row['category']:g}",
            show_estimate(row, bounded=False),
            show_limits(row, bounded=False),
        ]
        for row in rows
        if row["term"] == "threshold"
    ]
    interval = f"{write_level(result.level)} CI"
    headers = ["Context", "Item", "Answers up to", "Threshold", interval]
    session.show_table("Thresholds", headers, cells)
    session.say(result.sentence())
    if "subject" in result.scores:
        session.show_points("Notes", [INDEPENDENT])
    return result


def show_resampling(session: Session, table: pd.DataFrame, **options: Any) -> None:
    """Print intervals that hold for clips of the same people, and add the rows."""
    from exprstats.measurement import bootstrap_factor

    result = bootstrap_factor(table, **options)
    rows = [row for row in session.add_table("resampling", result.tidy()) if row["headline"]]
    level = write_level(options["level"])
    scores = [row for row in rows if is_absent(row["versus"])]
    draws = write_count(options["draws"])
    title = f"Over {draws} draws of whole {options['cluster']}s"
    session.show_table(title, *_list_scores(scores, level))
    versus = [row for row in rows if not is_absent(row["versus"])]
    if versus:
        session.show_table("Differences between contexts", *_list_differences(versus, level))
    session.say(result.sentence())


def _list_scores(rows: list[Row], level: str) -> tuple[list[str], list[list[str]]]:
    cells = [
        [name_context(row), _name(row), str(row["term"]), show_estimate(row), show_limits(row)]
        for row in rows
    ]
    return ["Context", "Item", "Term", "Estimate", f"{level} CI"], cells


def _list_differences(rows: list[Row], level: str) -> tuple[list[str], list[list[str]]]:
    cells = [
        [
            f"{row['context']} − {row['versus']}",
            _name(row),
            str(row["term"]),
            show_estimate(row),
            show_limits(row),
            show_p(row),
            show_p(row, "p_adjusted"),
        ]
        for row in rows
    ]
    return ["Contexts", "Item", "Term", "Difference", f"{level} CI", "p", "p Holm"], cells


def _name(row: Row) -> str:
    return MISSING if is_absent(row["item"]) else str(row["item"])


def show_restrictions(session: Session, table: pd.DataFrame, **options: Any) -> None:
    """Print whether items are interchangeable, and add the rows."""
    from exprstats.measurement import compare_restrictions

    result = compare_restrictions(table, **options)
    _show_steps(session, result, "Are the items interchangeable?", "restrictions")


def show_invariance(session: Session, table: pd.DataFrame, **options: Any) -> None:
    """Print whether contexts are measured alike, and add the rows."""
    from exprstats.measurement import check_invariance

    result = check_invariance(table, **options)
    _show_steps(session, result, "Are contexts measured alike?", "invariance")
    session.say("Scores of different contexts can be compared in size only if scalar holds.")


def _show_steps(session: Session, result: NestedModels, title: str, stem: str) -> None:
    session.tables[stem] = result.steps
    session.rows += list_records(result.tidy())
    cells = [
        [
            name_context(row),
            str(row["model"]),
            write_number(row["chisq"]),
            show_count(row, "df"),
            write_p(row["p_value"]),
            write_number(row["cfi"], 3, bounded=True),
            write_number(row["rmsea"], 3, bounded=True),
            write_number(row["chisq_change"]),
            show_count(row, "df_change"),
            write_p(row["p_change"]),
            write_number(row["cfi_change"], 3, bounded=True),
            write_number(row["rmsea_change"], 3, bounded=True),
        ]
        for row in list_records(result.steps)
    ]
    changes = ["Change χ²", "df", "p", "CFI", "RMSEA"]
    headers = ["Context", "Model", "χ²", "df", "p", "CFI", "RMSEA", *changes]
    session.show_table(title, headers, cells)
    session.say(result.sentence())


def score_table(session: Session, result: Factor, table: pd.DataFrame, method: str) -> pd.DataFrame:
    """Return the scores that were asked for, and show how they differ if all were."""
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
        _show_card(session, result, table)
    return scores


def _join_scores(frames: Mapping[ScoreMethod, pd.DataFrame]) -> pd.DataFrame:
    """Return one row a score, with columns of each method; their rows are the same."""
    first = next(iter(frames.values())).drop(columns=["score", "std_error", "factor_se"])
    columns = {
        f"{kind}_{method}": frame[kind]
        for method, frame in frames.items()
        for kind in ("score", "std_error", "factor_se")
    }
    return first.assign(**columns)


def _show_card(session: Session, factor: Factor, table: pd.DataFrame) -> None:
    """Print what the choice of score changes, and add the rows."""
    from exprstats.measurement import compare_scores

    result = compare_scores(factor, table)
    rows = session.add_table("score_card", result.tidy())
    cells = [
        [
            name_context(row),
            str(row["term"]).replace("_", " "),
            MISSING if is_absent(row["score"]) else str(row["score"]),
            MISSING if is_absent(row["versus"]) else str(row["versus"]),
            show_estimate(row, 3),
        ]
        for row in rows
    ]
    headers = ["Context", "What", "Score", "Versus", "Estimate"]
    session.show_table("Bartlett, regression and mean scores", headers, cells)
    session.say(result.sentence())


def write_scores(session: Session, scores: pd.DataFrame, path: Path | None) -> None:
    """Write the scores, if a file was named."""
    from exprstats.io import write_csv

    if path is not None:
        write_csv(scores, path)
        session.say(f"{count_things(len(scores), 'score is', 'scores are')} in {path}.")
