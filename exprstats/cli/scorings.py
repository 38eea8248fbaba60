"""Scores of clips: their kinds, how these differ, and their file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from exprstats.cli.cells import is_absent, name_context, show_estimate
from exprstats.numerals import MISSING, count_things
from exprstats.words import ScoreMethod

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.cli.session import Session
    from exprstats.measurement import Factor


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
    first = next(iter(frames.values())).drop(columns=["score", "std_error"])
    columns = {
        f"{kind}_{method}": frame[kind]
        for method, frame in frames.items()
        for kind in ("score", "std_error")
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
