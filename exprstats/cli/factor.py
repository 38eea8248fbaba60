"""``exprstats factor``: a one-factor model of item means and its scores."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from exprstats.apa import count_things
from exprstats.cli.command import opens_session
from exprstats.cli.options import (
    AnswerOption,
    ByOption,
    EstimatorOption,
    GapsOption,
    ItemOption,
    ItemsArgument,
    ItemsOption,
    LevelOption,
    ReverseOption,
    RobustOption,
    RowsOption,
    SeenOption,
    check_draws,
    option,
    split_gaps,
    split_id,
    split_names,
    split_scale,
    tell_saved,
)
from exprstats.cli.reading import get_reading, reads_files
from exprstats.cli.reliability import keep_descriptives
from exprstats.cli.session import Session
from exprstats.document.cells import list_records
from exprstats.errors import DataError, DataWarning, Option, OptionError, warn_user
from exprstats.options import ScoreMethod

_MOST_TWICE = 100_000  # clips of which α is computed a second time, by another package

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from exprstats.measurement import Factor, NestedModels
    from exprstats.models import ScoreReliability
    from exprstats.results import Result


@reads_files
@opens_session("factor", "scores", "save", one_process=True)
def fit_file(
    session: Session,
    files: ItemsArgument,
    items: ItemsOption,
    clip: RowsOption = None,
    by: ByOption = None,
    subject: SeenOption = None,
    between: Annotated[
        str | None, option("Groups of people, whose mean scores are compared.", "COLUMN")
    ] = None,
    rater: Annotated[
        str | None, option("Who rated: FILE has one row per clip and rater.", "COLUMN")
    ] = None,
    item: ItemOption = None,
    rating: AnswerOption = None,
    scale: Annotated[
        str | None, option("Lowest and highest answer, for the score's range.", "LOW,HIGH")
    ] = None,
    reverse: ReverseOption = None,
    scores: Annotated[Path | None, option("Write each row's score.", "FILE")] = None,
    save: Annotated[
        Path | None, option("Write the fitted model, for exprstats score --model.", "FILE")
    ] = None,
    score_method: Annotated[
        Literal["bartlett", "regression", "mean", "all"],
        option("Which scores --scores writes; all: a column each, and how they differ."),
    ] = "bartlett",
    estimator: EstimatorOption = "ml",
    missing: GapsOption = None,
    cluster_robust: RobustOption = False,
    ordered: Annotated[
        bool, option("Answers are few ordered categories (needs R).", name="--ordered")
    ] = False,
    restrictions: Annotated[
        bool, option("Test equal loadings, then residuals too.", name="--restrictions")
    ] = False,
    invariance: Annotated[
        bool, option("Test whether contexts are measured alike.", name="--invariance")
    ] = False,
    draws: Annotated[int, option("Resample subjects: intervals, contexts compared.", min=0)] = 0,
    level: LevelOption = 0.95,
    *,
    seed: int,
) -> None:
    """Fit one factor to items through lavaan, and score the clips."""
    names, limits = split_names(items, "--items") or [], split_scale(scale)
    rule, codes = split_gaps(missing)
    _check_needs(subject, by, between, robust=cluster_robust, draws=draws, invariance=invariance)
    asked = [estimator != "ml", rule != "listwise", cluster_robust, restrictions, invariance]
    _check_ordered(ordered, any([*asked, draws, rater, save, score_method != "bartlett"]))
    _check_written(score_method, written=scores is not None or session.out is not None)
    from exprstats import measurement
    from exprstats.io.files.joined import take_files

    file = take_files(files)
    session.note_file(file)
    ids = {"clip": clip or "clip", "subject": subject, "context": by}
    ids |= name_item(item, rating, rater)
    table, ratings = read_means(
        file,
        rater,
        ids,
        items=names,
        scale=limits,
        reading=get_reading(missing=codes),
        reverse=(turned := split_names(reverse, "--reverse") or ()),
    )
    session.say_recoding(get_reading(missing=codes), turned, limits)
    choices: dict[str, Any] = {"items": names, "level": level}
    context: dict[str, Any] = {"by": "context" if by else None}
    if ordered:
        _present_ordered(session, table, scores, **choices, **context)
        return
    cluster: dict[str, Any] = {"cluster": "subject" if cluster_robust else None}
    errors = {"missing": rule, "estimator": estimator, "scale": limits, "ratings": ratings}
    errors["second"] = len(table) <= _MOST_TWICE
    result = measurement.fit_factor(table, **choices, **context, **cluster, **errors)
    session.add_table("factor", result.tidy())
    results: list[Any] = [result, *_describe(session, table, ratings, names, **context)]
    results += _rate_scores(session, ratings, result, level)
    if restrictions:
        steps = measurement.compare_restrictions(
            table, **choices, **context, **cluster, missing=rule
        )
        results.append(_keep_steps(session, steps))
    if invariance:
        tested = measurement.check_invariance(table, **choices, **cluster, missing=rule)
        results.append(_keep_steps(session, tested))
    if draws:
        whole: dict[str, Any] = {"draws": draws, "seed": seed, "cluster": "subject"}
        drawn = measurement.bootstrap_factor(table, **choices, **context, **whole, missing=rule)
        session.add_table("resampling", drawn.tidy())
        results.append(drawn)
    frame = _score(result, table, score_method, ratings)
    groups = _read_groups(file, between, ids, rater, names) if between else None
    results += _describe_scores(session, result, groups, level)
    if score_method == "all":
        card = measurement.compare_scores(result, table)
        session.add_table("score_card", card.tidy())
        results.append(card)
    session.present(*results)
    _keep_scores(session, frame, scores, score_method)
    _keep_model(session, result, save)


def _describe(
    session: Session,
    table: pd.DataFrame,
    ratings: pd.DataFrame | None,
    names: list[str],
    **context: Any,
) -> list[Any]:
    """Return descriptives of the ratings, or of the items where there are no ratings."""
    from exprstats.descriptives import describe_columns

    if ratings is not None:
        return [keep_descriptives(session, ratings, items=names, **context)]
    found = describe_columns(table, names, what="items", **context)
    session.tables["items_descriptives"] = found.tidy()
    return [found]


def _read_groups(
    file: Path, between: str, ids: dict[str, str | None], rater: str | None, items: list[str]
) -> pd.DataFrame:
    """Return the group of each person: the column is read as if it were that of contexts."""
    context = split_id(ids["context"], "--by")
    clip = split_id(ids["clip"], "--clip") or "clip"
    # A clip is named by its context too, since that column now holds groups.
    whole = [*([clip] if isinstance(clip, str) else clip)]
    whole += [] if context is None else [context] if isinstance(context, str) else context
    named = {**ids, "clip": ",".join(whole) if context else ids["clip"], "context": between}
    with warnings.catch_warnings(action="ignore", category=DataWarning):
        # What is odd about the file was said when its clips were read.
        table, _ = read_means(file, rater, named, items=items, reading=get_reading())
    groups = table[["subject", "context"]].drop_duplicates()
    return groups.rename(columns={"context": "group"})


def _describe_scores(
    session: Session, factor: Factor, groups: pd.DataFrame | None, level: float
) -> Iterator[Result]:
    """Yield the scores' distribution, and their means by context and by the groups of people."""
    from exprstats.descriptives import compare_means
    from exprstats.study.stages.raters import describe_factor_scores, find_by, pick_scores

    if factor.scores["score"].isna().all():
        return
    described = describe_factor_scores(factor)
    session.tables["scores_descriptives"] = described.tidy()
    yield described
    scores = pick_scores(factor)
    between = None if groups is None else "group"
    if "subject" not in scores or (groups is None and find_by(scores) is None):
        return
    if groups is not None:
        scores = scores.merge(groups, on="subject", how="left")
    options: dict[str, Any] = {"by": find_by(scores), "between": between, "level": level}
    found = compare_means(scores, **options)
    session.tables |= found.export()
    session.further["means"] = list_records(found.tidy())
    session.further["mean_tests"] = list_records(found.tests)
    yield found


def _check_needs(
    subject: str | None,
    by: str | None,
    between: str | None,
    *,
    robust: bool,
    draws: int,
    invariance: bool,
) -> None:
    if subject is None and between is not None:
        told = " compares people. Name them with ", Option("subject"), "."
        raise OptionError(Option("between", between), *told)
    if subject is None and (robust or draws):
        option = "--cluster-robust" if robust else "--draws"
        message = f"{option} needs to know whose clips belong together. Name --subject COLUMN."
        raise OptionError(message)
    if by is None and invariance:
        message = "--invariance compares contexts. Name their column with --by."
        raise OptionError(message)
    check_draws("draws", draws, fewest=100, better=2000)


def _check_written(method: str, *, written: bool) -> None:
    if method in {"regression", "mean"} and not written:
        message = f"--score-method {method} is for scores that are written. Add --scores."
        raise OptionError(message)


def _check_ordered(ordered: bool, others: bool) -> None:
    if ordered and others:
        message = (
            "--ordered has its own estimator, errors and scores; leave --estimator, --missing "
            "fiml, --rater, --save, --cluster-robust, --restrictions, --invariance, --draws and "
            "--score-method out."
        )
        raise OptionError(message)


def _present_ordered(
    session: Session, table: pd.DataFrame, scores: Path | None, **options: Any
) -> None:
    from exprstats.measurement import fit_ordered

    found = fit_ordered(table, **options)
    session.add_table("factor", found.tidy())
    session.present(found)
    _keep_scores(session, found.scores, scores)


def _keep_steps(session: Session, result: NestedModels) -> NestedModels:
    session.tables[result.find_place()] = result.steps
    session.rows += list_records(result.tidy())
    return result


def read_means(
    file: Path, rater: str | None, ids: dict[str, str | None], **options: Any
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return the clips with their items, and the ratings that these are means of, if given."""
    from exprstats.io import read_items, read_ratings
    from exprstats.measurement import average_raters

    columns: dict[str, Any] = {
        role: name if role in {"item", "rating"} else split_id(name, f"--{role}")
        for role, name in ids.items()
    }
    if rater is None:
        return read_items(file, **columns, **options), None
    ratings = read_ratings(file, rater=rater, **columns, **options)
    return average_raters(ratings), ratings


def name_item(item: str | None, rating: str | None, rater: str | None) -> dict[str, str | None]:
    """Return the columns of questions and answers of a file with a row a question, or neither."""
    if item is None and rating is None:
        return {}
    if item is None:
        told = " is the column of answers of a file with a row a question. Name the questions with "
        raise OptionError(Option("rating", rating), told, Option("item"), ".")
    if rater is None:
        told = " reads ratings, with a row a question. Name who rated with "
        raise OptionError(Option("item", item), told, Option("rater"), ".")
    return {"item": item, "rating": rating}


def _rate_scores(
    session: Session, ratings: pd.DataFrame | None, factor: Factor, level: float
) -> list[ScoreReliability]:
    """Return the reliability of scores of ratings; a warning says why there is none."""
    from exprstats.models import rate_scores

    if ratings is None:
        return []
    try:
        rated = rate_scores(ratings, factor, level=level)
    except DataError as error:
        warn_user(f"There is no reliability of the scores: {error}")
        return []
    session.add_table("score_reliability", rated.tidy())
    return [rated]


def _score(
    factor: Factor, table: pd.DataFrame, method: str, ratings: pd.DataFrame | None
) -> pd.DataFrame:
    """Return the scores that were asked for; of all methods, with columns of each."""
    from exprstats.measurement import score_clips

    if method == "bartlett":
        return factor.scores
    kinds = [kind for kind in get_args(ScoreMethod) if method in {kind, "all"}]
    frames = {kind: score_clips(factor, table, method=kind, ratings=ratings) for kind in kinds}
    first = next(iter(frames.values()))
    if len(frames) == 1:
        return first
    names = ("score", "std_error", "factor_se", "note")
    columns = {f"{name}_{kind}": frame[name] for kind, frame in frames.items() for name in names}
    return first.drop(columns=[*names]).assign(**columns)


def _keep_model(session: Session, factor: Factor, path: Path | None) -> None:
    """Write the fitted factor, if a file was named."""
    if path is not None:
        from exprstats.measurement import save_factor

        save_factor(factor, path)
        session.say(tell_saved(path, "score"))


def _keep_scores(
    session: Session, scores: pd.DataFrame, path: Path | None, method: str = "bartlett"
) -> None:
    """Keep the scores for ``--out``, and write them if a file was named."""
    from exprstats.io import write_csv

    session.tables["scores"] = scores
    if path is not None:
        write_csv(scores, path)
        kind = "" if method in {"bartlett", "all"} else f"{method} "
        told = count_things(len(scores), f"{kind}score is", f"{kind}scores are")
        session.say(f"{told} in {path}.")
