"""``exprstats signing``: emotions in annotated signing, and the features that go with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exprstats.cli.command import opens_session
from exprstats.cli.options import LevelOption, split_names
from exprstats.cli.reading import reads_files
from exprstats.cli.session import Session, run_stage
from exprstats.options import Among, Counted, FoldUnit, Given, TimeUnit, Tokens

if TYPE_CHECKING:
    from exprstats.results import Result


@reads_files
@opens_session("signing")
def relate_signing(
    session: Session,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH",
            help="SignStream (.xml), ELAN (.eaf) or tables of intervals (tier, start, end, "
            "value, utterance, signer); or folders of them.",
        ),
    ],
    lexicon: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Words by category: Empath's categories.tsv, LIWC .dic or .dicx, a table of "
            "category and word, or a list of words.",
        ),
    ],
    categories: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="Categories to keep. [default: those of emotions]"),
    ] = None,
    text: Annotated[
        str,
        typer.Option(
            metavar="TIER",
            help="The tier of texts: translation for utterances, gloss for single signs.",
        ),
    ] = "translation",
    tokens: Annotated[
        Tokens, typer.Option(help="Words without punctuation and capitals, or split at blanks.")
    ] = "words",
    given: Annotated[
        Given, typer.Option(help="The denominator of the probabilities that are printed.")
    ] = "feature",
    unit: Annotated[Counted, typer.Option(help="What is counted together.")] = "frames",
    among: Annotated[Among, typer.Option(help="All frames, or only those with a label.")] = "all",
    folds: Annotated[
        FoldUnit, typer.Option(help="Held out together; folds of frames are always shown beside.")
    ] = "utterances",
    n_folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 10,
    trees: Annotated[int, typer.Option(min=1, help="Trees of each forest.")] = 100,
    units: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Table of action units (unit, tier, value) in place "
            "of the usual one, which --out writes.",
        ),
    ] = None,
    spellings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Table of spellings (tier, value, tier_as, value_as) "
            "in place of the usual one, which --out writes.",
        ),
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(metavar="TIER", help="Tier of ELAN files that holds the utterances."),
    ] = None,
    utterance: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of tables. [default: utterance]")
    ] = None,
    signer: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of tables. [default: signer]")
    ] = None,
    tier: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of tables. [default: tier]")
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of tables. [default: start]")
    ] = None,
    end: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of tables. [default: end]")
    ] = None,
    value: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of tables. [default: value]")
    ] = None,
    time_unit: Annotated[TimeUnit, typer.Option(help="Of times in tables.")] = "s",
    fps: Annotated[float, typer.Option(help="Frames per second of the videos.")] = 30.0,
    least: Annotated[
        int, typer.Option(min=1, help="Labels and features of fewer frames are left out.")
    ] = 10,
    draws: Annotated[
        int, typer.Option(min=0, help="Permutations of the test of independence.")
    ] = 2000,
    level: LevelOption = 0.95,
    *,
    seed: int,
    n_jobs: int,
) -> None:
    """Relate lexical emotions to signers' faces, and predict them."""
    from exprstats.study.files import SigningSettings
    from exprstats.study.stages.events import analyse_signing

    kept = {"files": paths, "categories": split_names(categories, "--categories")}
    run = run_stage(session, SigningSettings, analyse_signing, seed=seed, n_jobs=n_jobs, **kept)
    _keep_tables(session, *run.results)
    session.present(*run.results)


def _keep_tables(session: Session, *results: Result) -> None:
    """Keep rows for ``--json`` and tables for ``--out``, those that can be edited among them."""
    from exprstats.events import EventCounts, LabelPrediction, list_spellings, list_units

    for one in results:
        session.add_table(one.find_place(), one.tidy())
        if isinstance(one, EventCounts) and one.tokens is not None:
            session.tables["event_tokens"] = one.tokens
        if isinstance(one, LabelPrediction):
            session.add_table("label_importance", one.importance)
    session.tables |= {"units": list_units(), "spellings": list_spellings()}
