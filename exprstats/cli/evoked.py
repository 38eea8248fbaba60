"""``exprstats evoked``: what videos evoke, who says so, and how well it is predicted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exprstats.cli.command import opens_session
from exprstats.cli.options import LevelOption, split_names
from exprstats.cli.reading import reads_files
from exprstats.cli.session import Session, run_stage
from exprstats.errors import Option, OptionError
from exprstats.options import Ties, TimeUnit, Truth, ZeroRows


@reads_files
@opens_session("evoked")
def analyse_videos(
    session: Session,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help=(
                "EEV, LIRIS-ACCEDE, or tables with one row per moment and one column per "
                "expression: labels, scores from 0 to 1, or ratings."
            ),
        ),
    ],
    video: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The video of a row. [default: video, or the file]"),
    ] = None,
    time: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Where in the video. [default: time]")
    ] = None,
    unit: Annotated[TimeUnit, typer.Option(help="Of the times (EEV's are known).")] = "s",
    expressions: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Columns. [default: all with numbers]")
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Themes or people, compared with the rest.")
    ] = None,
    themes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Table of video and theme; a video may have several."),
    ] = None,
    part: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Parts whose distributions are checked.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(metavar="60,15,25", help="Deal videos to train, validate and test."),
    ] = None,
    human: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Annotations of people, to judge FILE... by."),
    ] = None,
    annotator: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Who annotated. [default: annotator]")
    ] = None,
    truth: Annotated[
        Truth, typer.Option(help="Whose label is true: each annotator's, or that of several.")
    ] = "majority",
    predictions: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Scores of a model; once for each model."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Names models. [default: model, or the file]"),
    ] = None,
    against: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Compared with others. [default: the first]")
    ] = None,
    common: Annotated[
        bool, typer.Option("--common", help="Only moments that every model predicts.")
    ] = False,
    metrics: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="Such as average_precision. [default: by whether the truth is 0 or 1]",
        ),
    ] = None,
    vote: Annotated[
        bool, typer.Option("--vote", help="First take majorities over sliding windows.")
    ] = False,
    hz: Annotated[float, typer.Option(help="Rows per second, before the vote.")] = 6.0,
    window: Annotated[float, typer.Option(help="Length of a window in s.")] = 3.0,
    stride: Annotated[float, typer.Option(help="From window to window in s.")] = 1.0,
    ties: Annotated[
        Ties, typer.Option(help="What a tie in a window is: no label, a label, or missing.")
    ] = "absent",
    threshold: Annotated[float, typer.Option(help="Scores here or above are labels.")] = 0.5,
    zeros: Annotated[
        ZeroRows, typer.Option(help="Rows of 0 only: no face, or no expression. auto: EEV's.")
    ] = "auto",
    draws: Annotated[
        int, typer.Option(min=100, help="Bootstrap draws of videos, for predictions.")
    ] = 2000,
    level: LevelOption = 0.95,
    *,
    seed: int,
    n_jobs: int,
) -> None:
    """Describe what videos evoke; compare machines with annotators."""
    from exprstats.study.files import EvokedSettings
    from exprstats.study.stages.events import analyse_evoked

    lists = {
        "expressions": split_names(expressions, "--expressions"),
        "metrics": split_names(metrics, "--metrics"),
    }
    run = run_stage(
        session,
        EvokedSettings,
        analyse_evoked,
        seed=seed,
        n_jobs=n_jobs,
        split=_split_percent(split),
        **lists,
    )
    for one in run.results:
        more = {} if one.key is None else {"truth": one.key}
        ending = [one.key.replace(" ", "_")] if one.key else []
        session.add_table("_".join([one.find_place(), *ending]), one.tidy(), **more)
    session.present(*run.results)


def _split_percent(text: str | None) -> tuple[float, ...] | None:
    """Return the shares of parts from percentages that add up to 100."""
    if text is None:
        return None
    try:
        shares = tuple(float(part) / 100 for part in text.split(","))
    except ValueError:
        shares = ()
    if len(shares) < 2 or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:
        message = f" '{text}' must be percents of videos that add up to 100, such as 60,15,25."
        raise OptionError(Option("split"), message)
    return shares
