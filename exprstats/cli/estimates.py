"""``exprstats estimates``: estimates of emotional expression of face, voice and words."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exprstats.cli.options import (
    ForceOption,
    JsonOption,
    LevelOption,
    OutOption,
    QuietOption,
    SeedOption,
    SingleJobOption,
    split_names,
)
from exprstats.cli.reading import get_reading, reads_files
from exprstats.cli.session import open_session
from exprstats.errors import Option, OptionError
from exprstats.options import SentenceUnit, Thresholds

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.expressions import Transfer

_TARGET = "label"


@reads_files
def estimate_files(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Hume CSV or JSON, FACET, AFFDEX, Affectiva, py-feat, or one column an emotion.",
        ),
    ],
    subject: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Who is seen or heard; left out one by one."),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The data set, each described apart.")
    ] = None,
    id: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="Names the clip of a row.")
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
        Thresholds, typer.Option(help="Bounds of adverbs: published (for faces) or quantile.")
    ] = "published",
    unit: Annotated[
        SentenceUnit, typer.Option(help="Sentences of the mean of a recording, or of each frame.")
    ] = "mean",
    draws: Annotated[
        int, typer.Option(min=1, help="Permutations in the test of equal structure.")
    ] = 999,
    maps: Annotated[
        bool, typer.Option("--maps", help="Maps of moments by t-SNE, with --out as coordinates.")
    ] = False,
    level: LevelOption = 0.95,
    json: JsonOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    seed: SeedOption = 1,
    n_jobs: SingleJobOption = 1,
    quiet: QuietOption = False,
) -> None:
    """Describe estimates of expression: leading emotions, agreement, structure, sentences."""
    options = {"json": json, "out": out, "force": force, "quiet": quiet}
    with open_session("estimates", seed=seed, **options) as session:
        from exprstats.expressions import (
            compare_structure,
            map_expressions,
            rate_estimates,
            read_estimates,
            write_sentences,
        )

        table = read_estimates(
            files,
            id=id,
            time=time,
            subject=subject,
            modality=modality,
            context=by,
            emotions=split_names(emotions, "--emotions"),
            reading=get_reading(),
        )
        for path in files:
            whole = hashlib.sha256(path.read_bytes()).hexdigest()
            session.add_input(path, whole, table.attrs["rows"][str(path)])
        if by is not None and "context" not in table:
            message = "only tables with one column an emotion have a column of data sets."
            raise OptionError(message, Option("by", None))
        context = "context" if by else None
        result = rate_estimates(table, by=context, level=level)
        structure = compare_structure(table, by=context, draws=draws, seed=seed)
        leed = write_sentences(table, thresholds=thresholds, unit=unit)
        session.add_table("estimates", result.tidy())
        session.add_table("structure", structure.tidy())
        pairs = structure.correlations.assign(term="correlation").rename(columns={"r": "estimate"})
        session.add_table("correlations", pairs)
        session.add_table("sentences_neutral", leed.tidy())
        session.tables |= {"sentences": leed.sentences, "adverbs": leed.cuts}
        mapped = map_expressions(table, seed=seed) if maps else None
        if mapped is not None:
            session.add_table("maps", mapped.tidy())
            session.tables["map_points"] = mapped.points
        transfer = _classify(table, leed.sentences, seed)
        if transfer is not None:
            session.add_table("transfer", transfer.tidy())
        session.present(result, structure, mapped, leed, transfer)


def _classify(table: pd.DataFrame, sentences: pd.DataFrame, seed: int) -> Transfer | None:
    """Classify what was acted, where the names of recordings tell it and speakers are four."""
    keys = [name for name in ("recording", "subject", _TARGET) if name in table]
    if len(keys) < 3 or table["subject"].nunique() < 4 or table[_TARGET].nunique() < 2:
        return None
    from exprstats.expressions import classify_expressions

    wide = table.pivot_table("score", keys, ["modality", "emotion"], sort=True, observed=True)
    wide = wide.dropna()
    told = sentences.pivot_table("sentence", keys, "modality", aggfunc=" ".join)
    told = told.reindex(wide.index)
    features = {}
    for modality in told:
        features[f"{modality}: scores"] = wide[modality].to_numpy(float)
        features[f"{modality}: sentences"] = told[modality].fillna("").tolist()
    if len(told.columns) > 1:
        features["all: scores"] = wide.to_numpy(float)
        features["all: sentences"] = told.fillna("").agg(" ".join, axis=1).tolist()
    people, labels = (wide.index.get_level_values(name).tolist() for name in ("subject", _TARGET))
    return classify_expressions(features, labels, people, seed=seed)
