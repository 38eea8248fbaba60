"""Settings of the files of a study, and of how they are read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal

from exprstats.io.files.reading import Reading
from exprstats.options import Duplicates, PointUnit, SamplingRule
from exprstats.study.values import (
    one_of,
    read_codes,
    read_columns,
    read_encoding,
    read_face,
    read_file,
    read_flag,
    read_folder,
    read_labels,
    read_portion,
    read_positive,
    read_repeats,
    read_scale,
    read_sheet,
    read_text,
    read_texts,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """Keys of every table that names a file: how it is read, where it does not say so itself."""

    missing: Annotated[tuple[str, ...], read_codes] = ()
    encoding: Annotated[str | None, read_encoding] = None
    sheet: Annotated[str | int | None, read_sheet] = None
    header_row: Annotated[int | None, read_repeats] = None
    labels: Annotated[bool | tuple[str, ...] | dict[str, float], read_labels] = False

    def choose_reading(self, told: Reading | None = None) -> Reading:
        """Return how the file is to be read, as a command was told or as the keys say."""
        if told is not None:
            return told
        return Reading(**{one.name: getattr(self, one.name) for one in fields(FileSettings)})


@dataclass(frozen=True, slots=True)
class RatingsSettings(FileSettings):
    """The table ``[ratings]``: one row a rating, or one column a rater (``raters``)."""

    file: Annotated[Path, read_file]
    clip: Annotated[str | tuple[str, ...], read_columns] = "clip"
    rater: Annotated[str, read_text] = "rater"
    raters: Annotated[tuple[str, ...] | None, read_texts] = None
    rating: Annotated[str | None, read_text] = None
    items: Annotated[tuple[str, ...] | None, read_texts] = None
    subject: Annotated[str | tuple[str, ...] | None, read_columns] = None
    context: Annotated[str | tuple[str, ...] | None, read_columns] = None
    scale: Annotated[tuple[float, float] | None, read_scale] = None
    duplicates: Annotated[Duplicates, one_of(Duplicates)] = "error"
    reverse: Annotated[tuple[str, ...], read_texts] = ()
    raters_in_rows: Annotated[bool, read_flag] = False


@dataclass(frozen=True, slots=True)
class ClipsSettings(FileSettings):
    """The table ``[clips]``: one row a clip, with its features.

    A target of texts is one of classes; ``classes`` says so of one of whole numbers.
    """

    file: Annotated[Path, read_file]
    clip: Annotated[str | tuple[str, ...], read_columns] = "clip"
    subject: Annotated[str | tuple[str, ...], read_columns] = "subject"
    context: Annotated[str | tuple[str, ...] | None, read_columns] = None
    features: Annotated[tuple[str, ...] | None, read_texts] = None
    target: Annotated[str | None, read_text] = None
    classes: Annotated[bool, read_flag] = False
    scale: Annotated[tuple[float, float] | None, read_scale] = None


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
        )
