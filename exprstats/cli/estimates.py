"""``exprstats estimates``: estimates of emotional expression of face, voice and words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exprstats.cli.command import opens_session
from exprstats.cli.options import LevelOption, split_names
from exprstats.cli.reading import reads_files
from exprstats.cli.session import Session, run_stage
from exprstats.options import SentenceUnit

if TYPE_CHECKING:
    from exprstats.results import Result


@reads_files
@opens_session("estimates")
def estimate_files(
    session: Session,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help=(
                "Hume CSV or JSON, FACET, AFFDEX, Affectiva, py-feat, or one column per emotion; "
                "or folders of them."
            ),
        ),
    ],
    subject: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Person seen or heard; persons are left out one by one. As for --by.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="The data set, each described apart: a column of the files or of --about; or "
            "recording, folder, or file.",
        ),
    ] = None,
    about: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Table of recordings (recording, subject, label, ...), or of their parts (with "
            "start and end in seconds).",
        ),
    ] = None,
    id: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="Column with the name of the clip.")
    ] = None,
    time: Annotated[str | None, typer.Option(metavar="COLUMN", help="Seconds.")] = None,
    modality: Annotated[
        str | None,
        typer.Option(metavar="COLUMN|WORD", help="The column, or the one modality of the files."),
    ] = None,
    emotions: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Emotions to keep. [default: all]")
    ] = None,
    thresholds: Annotated[
        str,
        typer.Option(
            metavar="published|quantile|FILE",
            help="Bounds of adverbs: published (for faces), quantiles of each modality, or a table "
            "(adverb, low or share, modality), as --out writes it.",
        ),
    ] = "published",
    adjectives: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Table of adjectives (emotion, adjective), as --out writes it."
        ),
    ] = None,
    unit: Annotated[
        SentenceUnit, typer.Option(help="Sentences of the mean of a recording, or of each frame.")
    ] = "mean",
    most: Annotated[
        int | None, typer.Option(min=1, help="Emotions in a sentence. [default: all that count]")
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=(
                "Embeddings: the texts that --out writes, with one column per dimension. "
                "[default: TF-IDF]"
            ),
        ),
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Folds of speakers.")] = 6,
    repeats: Annotated[
        int, typer.Option(min=1, help="Deals of speakers into folds, over which recalls are means.")
    ] = 10,
    nulls: Annotated[
        int, typer.Option(min=0, help="Classifications of permuted labels, for what chance gives.")
    ] = 0,
    draws: Annotated[int, typer.Option(min=1, help="Draws in the test of equal structure.")] = 999,
    maps: Annotated[
        bool, typer.Option("--maps", help="Maps of moments by t-SNE, with --out as coordinates.")
    ] = False,
    level: LevelOption = 0.95,
    *,
    seed: int,
    n_jobs: int,
) -> None:
    """Describe estimates of expression: agreement and structure."""
    from exprstats.options import Thresholds, is_word
    from exprstats.study.files import EstimatesSettings
    from exprstats.study.stages.estimates import analyse_estimates

    place, known = Path(thresholds), is_word(thresholds, Thresholds)
    run = run_stage(
        session,
        EstimatesSettings,
        analyse_estimates,
        seed=seed,
        n_jobs=n_jobs,
        emotions=split_names(emotions, "--emotions"),
        thresholds=thresholds if known or not place.suffix else place,
    )
    _keep_tables(session, *run.results)
    session.present(*run.results)


def _keep_tables(session: Session, *results: Result) -> None:
    """Keep rows for ``--json`` and tables for ``--out``, those that can be edited among them."""
    from exprstats.expressions import EstimateStructure, ExpressionMap, Sentences, list_adjectives

    for one in results:
        name = "sentences_neutral" if isinstance(one, Sentences) else one.find_place()
        session.add_table(name, one.tidy())
        if isinstance(one, EstimateStructure):
            pairs = one.correlations.assign(term="correlation").rename(columns={"r": "estimate"})
            session.add_table("correlations", pairs)
        if isinstance(one, ExpressionMap):
            session.tables["map_points"] = one.points
        if isinstance(one, Sentences):
            session.tables |= {"sentences": one.sentences, "adverbs": one.cuts}
    session.tables["adjectives"] = list_adjectives()
