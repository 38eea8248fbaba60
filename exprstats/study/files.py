"""Settings of the tables of a study that name files, and of how these are read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from exprstats.io.files.reading import Reading
from exprstats.options import (
    Among,
    Counted,
    Duplicates,
    FoldUnit,
    Given,
    PointUnit,
    SamplingRule,
    SentenceUnit,
    Thresholds,
    Ties,
    TimeUnit,
    Tokens,
    Truth,
    ZeroRows,
)
from exprstats.study.values import (
    one_of,
    read_codes,
    read_columns,
    read_draws,
    read_encoding,
    read_face,
    read_file,
    read_flag,
    read_folder,
    read_folds,
    read_joined,
    read_labels,
    read_places,
    read_portion,
    read_portions,
    read_positive,
    read_repeats,
    read_scale,
    read_share,
    read_text,
    read_texts,
    read_whole,
    take_sheet,
    word_or_file,
)

Settings = TypeVar("Settings", bound=Any)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """Keys of every table that names a file: how it is read, where it does not say so itself."""

    missing: Annotated[tuple[str, ...], read_codes] = ()
    encoding: Annotated[str | None, read_encoding] = None
    sheet: Annotated[str | int | None, take_sheet] = None
    header_row: Annotated[int | None, read_repeats] = None
    labels: Annotated[bool | tuple[str, ...] | dict[str, float], read_labels] = False

    def choose_reading(self, told: Reading | None = None) -> Reading:
        """Return how the file is to be read, as a command was told or as the keys say."""
        if told is not None:
            return told
        return Reading(**{one.name: getattr(self, one.name) for one in fields(FileSettings)})


@dataclass(frozen=True, slots=True)
class RatingsSettings(FileSettings):
    """The table ``[ratings]``: one row per rating, or one column per rater (``raters``)."""

    file: Annotated[Path, read_joined]
    clip: Annotated[str | tuple[str, ...], read_columns] = "clip"
    rater: Annotated[str, read_text] = "rater"
    raters: Annotated[tuple[str, ...] | None, read_texts] = None
    rating: Annotated[str | None, read_text] = None
    items: Annotated[tuple[str, ...] | None, read_texts] = None
    item: Annotated[str | None, read_text] = None
    subject: Annotated[str | tuple[str, ...] | None, read_columns] = None
    context: Annotated[str | tuple[str, ...] | None, read_columns] = None
    scale: Annotated[tuple[float, float] | None, read_scale] = None
    duplicates: Annotated[Duplicates, one_of(Duplicates)] = "error"
    reverse: Annotated[tuple[str, ...], read_texts] = ()
    raters_in_rows: Annotated[bool, read_flag] = False


@dataclass(frozen=True, slots=True)
class ClipsSettings(FileSettings):
    """The table ``[clips]``: one row per clip, with its features.

    A target of texts is one of classes; ``classes`` says so of one of whole numbers. ``unmatched``
    is the share of clips, rated or described, that may lack a partner in the other file.
    """

    file: Annotated[Path, read_file]
    clip: Annotated[str | tuple[str, ...], read_columns] = "clip"
    subject: Annotated[str | tuple[str, ...], read_columns] = "subject"
    context: Annotated[str | tuple[str, ...] | None, read_columns] = None
    features: Annotated[tuple[str, ...] | None, read_texts] = None
    target: Annotated[str | None, read_text] = None
    classes: Annotated[bool, read_flag] = False
    scale: Annotated[tuple[float, float] | None, read_scale] = None
    unmatched: Annotated[float, read_portion] = 0.05


@dataclass(frozen=True, slots=True)
class SubjectsSettings(FileSettings):
    """The table ``[subjects]``: one row per person who is seen, joined to clips and ratings.

    ``features`` are predictors beside those of clips, ``group`` is compared between people, and
    ``unmatched`` is the share of people that may lack a row.
    """

    file: Annotated[Path, read_file]
    subject: Annotated[str | tuple[str, ...], read_columns] = "subject"
    context: Annotated[str | tuple[str, ...] | None, read_columns] = None
    features: Annotated[tuple[str, ...] | None, read_texts] = None
    group: Annotated[str | None, read_text] = None
    unmatched: Annotated[float, read_portion] = 0.05


@dataclass(frozen=True, slots=True)
class OpenfaceSettings(FileSettings):
    """The table ``[openface]`` instead of ``[clips]``: videos' frames, and where clips lie.

    How frames become features is said in the words of `exprstats.behaviour.summarise_openface`;
    ``target``, ``classes`` and the keys of reading are those of ``[clips]``, of the segments' file.
    """

    folder: Annotated[Path, read_folder]
    segments: Annotated[Path, read_file]
    hz: Annotated[float, read_positive] = 5.0
    sampling: Annotated[SamplingRule, one_of(SamplingRule)] = "nearest"
    confidence: Annotated[float, read_portion] = 0.8
    min_valid: Annotated[float, read_portion] = 0.5
    unit: Annotated[PointUnit, one_of(PointUnit)] = "px"
    signed: Annotated[bool, read_flag] = False
    face: Annotated[int | Literal["largest"] | None, read_face] = None
    fps: Annotated[float | None, read_positive] = None
    unmatched: Annotated[float, read_portion] = 0.05
    recursive: Annotated[bool, read_flag] = False
    endings: Annotated[tuple[str, ...], read_texts] = ()
    clip: Annotated[str, read_text] = "clip"
    video: Annotated[str, read_text] = "video"
    subject: Annotated[str, read_text] = "subject"
    context: Annotated[str | None, read_text] = None
    features: Annotated[tuple[str, ...] | None, read_texts] = None
    target: Annotated[str | None, read_text] = None
    classes: Annotated[bool, read_flag] = False
    scale: Annotated[tuple[float, float] | None, read_scale] = None

    def describe_clips(self) -> ClipsSettings:
        """Return what later stages need to know of the clips that come from it."""
        return ClipsSettings(
            self.segments,
            features=self.features,
            target=self.target,
            classes=self.classes,
            scale=self.scale,
            unmatched=self.unmatched,
        )


@dataclass(frozen=True, slots=True)
class SigningSettings(FileSettings):
    """The table ``[signing]``: annotation files, a lexicon, and what is asked of them.

    The words are those of `exprstats.events`; ``units`` and ``spellings`` are tables as
    `exprstats.list_units` and `exprstats.list_spellings` give them.
    """

    files: Annotated[tuple[Path, ...], read_places]
    lexicon: Annotated[Path, read_file]
    categories: Annotated[tuple[str, ...] | None, read_texts] = None
    text: Annotated[str, read_text] = "translation"
    tokens: Annotated[Tokens, one_of(Tokens)] = "words"
    given: Annotated[Given, one_of(Given)] = "feature"
    unit: Annotated[Counted, one_of(Counted)] = "frames"
    among: Annotated[Among, one_of(Among)] = "all"
    folds: Annotated[FoldUnit, one_of(FoldUnit)] = "utterances"
    n_folds: Annotated[int, read_folds] = 10
    trees: Annotated[int, read_repeats] = 100
    units: Annotated[Path | None, read_file] = None
    spellings: Annotated[Path | None, read_file] = None
    within: Annotated[str | None, read_text] = None
    utterance: Annotated[str | None, read_text] = None
    signer: Annotated[str | None, read_text] = None
    tier: Annotated[str | None, read_text] = None
    start: Annotated[str | None, read_text] = None
    end: Annotated[str | None, read_text] = None
    value: Annotated[str | None, read_text] = None
    time_unit: Annotated[TimeUnit, one_of(TimeUnit)] = "s"
    fps: Annotated[float, read_positive] = 30.0
    least: Annotated[int, read_repeats] = 10
    draws: Annotated[int, read_draws] = 2000
    level: Annotated[float, read_share] = 0.95


@dataclass(frozen=True, slots=True)
class EvokedSettings(FileSettings):
    """The table ``[evoked]``: labels or scores of videos, annotators, predictions, and parts.

    The words are those of `exprstats.events`; ``vote`` reduces the files before anything else.
    """

    files: Annotated[tuple[Path, ...], read_places]
    video: Annotated[str | None, read_text] = None
    time: Annotated[str | None, read_text] = None
    unit: Annotated[TimeUnit, one_of(TimeUnit)] = "s"
    expressions: Annotated[tuple[str, ...] | None, read_texts] = None
    zeros: Annotated[ZeroRows, one_of(ZeroRows)] = "auto"
    by: Annotated[str | None, read_text] = None
    themes: Annotated[Path | None, read_file] = None
    part: Annotated[str | None, read_text] = None
    split: Annotated[tuple[float, ...] | None, read_portions] = None
    human: Annotated[tuple[Path, ...], read_places] = ()
    annotator: Annotated[str | None, read_text] = None
    truth: Annotated[Truth, one_of(Truth)] = "majority"
    predictions: Annotated[tuple[Path, ...], read_places] = ()
    model: Annotated[str | None, read_text] = None
    against: Annotated[str | None, read_text] = None
    common: Annotated[bool, read_flag] = False
    metrics: Annotated[tuple[str, ...] | None, read_texts] = None
    vote: Annotated[bool, read_flag] = False
    hz: Annotated[float, read_positive] = 6.0
    window: Annotated[float, read_positive] = 3.0
    stride: Annotated[float, read_positive] = 1.0
    ties: Annotated[Ties, one_of(Ties)] = "absent"
    threshold: Annotated[float, read_share] = 0.5
    draws: Annotated[int, read_draws] = 2000
    level: Annotated[float, read_share] = 0.95


@dataclass(frozen=True, slots=True)
class EstimatesSettings(FileSettings):
    """The table ``[estimates]``: estimates of expression, and what is asked of them.

    The words are those of `exprstats.expressions`. ``about`` is a table of recordings or of their
    parts, ``thresholds`` and ``adjectives`` are tables as the command writes them, and ``vectors``
    holds embeddings of texts.
    """

    files: Annotated[tuple[Path, ...], read_places]
    about: Annotated[Path | None, read_file] = None
    id: Annotated[str | None, read_text] = None
    time: Annotated[str | None, read_text] = None
    subject: Annotated[str | None, read_text] = None
    by: Annotated[str | None, read_text] = None
    modality: Annotated[str | None, read_text] = None
    emotions: Annotated[tuple[str, ...] | None, read_texts] = None
    thresholds: Annotated[Thresholds | Path, word_or_file(Thresholds)] = "published"
    adjectives: Annotated[Path | None, read_file] = None
    unit: Annotated[SentenceUnit, one_of(SentenceUnit)] = "mean"
    most: Annotated[int | None, read_repeats] = None
    vectors: Annotated[Path | None, read_file] = None
    folds: Annotated[int, read_folds] = 6
    repeats: Annotated[int, read_repeats] = 10
    nulls: Annotated[int, read_whole] = 0
    maps: Annotated[bool, read_flag] = False
    draws: Annotated[int, read_draws] = 999
    level: Annotated[float, read_share] = 0.95


def fill_settings(kind: type[Settings], **given: object) -> Settings:
    """Return settings from options of which those that are None keep their default.

    Options that are no field are passed over, and lists become tuples.
    """
    known = {one.name for one in fields(kind)}
    kept: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if name in known and value is not None
    }
    return kind(**kept)
