"""Tables of a study from its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import find_conflicts, order_levels, require_columns
from exprstats.errors import DataError, Option, Problem, Style, speak, warn_user
from exprstats.io.files.words import IDS as ROLES
from exprstats.io.files.words import WORDS, split_name
from exprstats.io.guards.features import judge_features, list_lost, tell_features
from exprstats.options import name_nearest, name_some
from exprstats.study.files import ClipsSettings, FileSettings, OpenfaceSettings, RatingsSettings
from exprstats.study.joins import join_tables
from exprstats.study.provenance import InputFile, Logbook
from exprstats.study.settings import Study

if TYPE_CHECKING:
    from exprstats.io import Reading

_MOST_CODES = 20  # values of a feature that may be the target in other words
_ROLES = frozenset(word for role in ROLES for word in WORDS[role])
_THIN = "Leave out the features that are missing most often."
IDS = ("context", "clip", "subject")
# How well a clip was tracked says how far its features can be trusted, not how a face moves.
QUALITY = ("valid_share", "mean_confidence", "gaps", "face_switches")
# What the study says in the words of summarise_openface.
_CHOICES = (
    *("hz", "sampling", "confidence", "min_valid", "unit", "signed", "face", "fps"),
    *("unmatched", "recursive", "endings"),
)


def read_tables(
    study: Study, log: Logbook, *, n_jobs: int = 1
) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """Return the ratings and the clips of a study, whichever it has.

    Clips are summarised from videos where the study has ``[openface]``. Subjects and contexts that
    one file names are joined to the other.

    Raises
    ------
    DataError
        With the problems of both files together.
    """
    tables: dict[str, pd.DataFrame] = {}
    problems: list[Problem] = []
    for name, settings in (("ratings", study.ratings), ("clips", study.clips)):
        if settings is None:
            continue
        try:
            reading = settings.choose_reading(study.reading)
            if name == "clips" and study.openface is not None:
                reading = study.openface.choose_reading(study.reading)
            _note_file(name, settings.file, study.path.parent, log, reading)
            if name == "clips" and study.openface is not None:
                folder = study.path.parent
                tables[name] = summarise_videos(study.openface, folder, log, n_jobs=n_jobs)
            else:
                borrowed = study.ratings is not None
                tables[name] = read_table(settings, study.reading, borrowed=borrowed)
        except DataError as error:
            problems += error.problems
    files = {"ratings": study.ratings, "clips": study.clips}
    named = {one.file.name: tables[name] for name, one in files.items() if one and name in tables}
    problems += find_conflicts(named)
    if problems:
        raise DataError(problems)
    log.rows |= {name: len(table) for name, table in tables.items()}
    ratings, clips = tables.get("ratings"), tables.get("clips")
    if ratings is not None and clips is not None:
        return join_tables(study, ratings, clips, log)
    return ratings, clips


def keep_seen(ratings: pd.DataFrame, clips: pd.DataFrame) -> pd.DataFrame:
    """Return the ratings of clips that models saw."""
    key = [one for one in ("context", "clip") if one in ratings and one in clips]
    return ratings[ratings.set_index(key).index.isin(clips.set_index(key).index)]


def _note_file(table: str, path: Path, folder: Path, log: Logbook, reading: Reading | None) -> None:
    from exprstats.io import Reading, sniff_file

    facts = sniff_file(path, reading or Reading())
    shown = path.relative_to(folder) if path.is_relative_to(folder) else path
    notes = tuple(str(note) for note in facts.notes)
    columns = len(facts.columns)
    log.inputs.append(InputFile(table, shown.as_posix(), facts.sha256, facts.rows, columns, notes))


def read_table(
    settings: RatingsSettings | ClipsSettings,
    reading: Reading | None = None,
    *,
    borrowed: bool = False,
) -> pd.DataFrame:
    """Return the table of ``[ratings]`` or ``[clips]``, read as its settings say.

    With ``borrowed``, clips may lack a column ``subject``, since the ratings may have it.
    """
    from exprstats.io import read_clips, read_ratings

    # Keys of the file and options of the reader have the same names.
    own = {one.name for one in fields(settings)} - {one.name for one in fields(FileSettings)}
    named = {name: getattr(settings, name) for name in own}
    path, reading = named.pop("file"), settings.choose_reading(reading)
    if isinstance(settings, RatingsSettings):
        return read_ratings(path, **named, reading=reading)
    del named["scale"]
    if borrowed and settings.subject == "subject":
        named["subject"] = None
    classes = True if settings.classes else None
    return read_clips(path, **{**named, "classes": classes}, categories=True, reading=reading)


def take_features(
    clips: pd.DataFrame, settings: ClipsSettings, log: Logbook
) -> tuple[pd.DataFrame, list[str]]:
    """Return the clips with their categories coded, and the feature columns.

    Features are those that the study names, else all columns of numbers and of few texts that
    could be.

    Warns
    -----
    DataWarning
        Columns that nobody named and that are no features: row numbers, ids, copies of the target.
    """
    from exprstats.models.data.categories import code_categories, find_categories
    from exprstats.models.data.design import refuse_target

    target = settings.target
    if settings.features:
        names = list(settings.features)
        refuse_target(target, names)
        require_columns(clips, names, "clips")
        words = [name for name in names if not pd.api.types.is_numeric_dtype(clips[name])]
    else:
        names = list_numbers(clips, target)
        odd = judge_features(clips, names, target=target)
        # Models give constants no weight, and say so.
        odd = {name: kind for name, kind in odd.items() if kind != "a constant"}
        odd = odd if len(odd) < len(names) else {}
        parts = {
            part
            for one in (settings.clip, settings.subject, settings.context)
            for part in ((one,) if isinstance(one, str) else one or ())
        }
        texts = [str(one) for one in clips.select_dtypes(exclude="number")]
        free = [one for one in texts if one not in {*IDS, target, *parts}]
        # A column named as one of clips, contexts or raters is no description of a person.
        plain = [one for one in free if not split_name(one) & _ROLES]
        words, copies = find_categories(clips, plain, target)
        odd |= dict.fromkeys(copies, "a copy of the target")
        if odd:
            counted = count_things(len(odd), "column is", "columns are")
            told = f"{counted} left out of the features: {', '.join(tell_features(odd))}. "
            warn_user((told, "To use them, name all features with ", Option("features"), "."))
        names = [name for name in names if name not in odd]
        log.passed = tuple(one for one in free if one not in {*words, *copies})
        names += words
    table, coded = code_categories(clips, words) if words else (clips, {})
    for name in words:
        own = [title for title in coded if title.startswith(f"{name}: ")]
        marks = name_some(own)
        log.notes.append(f"'{name}' is a category: {marks} against '{coded[own[0]]}'.")
    listed = [[t for t in coded if t.startswith(f"{n}: ")] if n in words else [n] for n in names]
    return table, [one for group in listed for one in group]


def list_numbers(clips: pd.DataFrame, target: str | None = None) -> list[str]:
    """Return the columns of numbers that could be features.

    Ids, the target and the quality columns of `exprstats.behaviour.summarise_clips` are none;
    quality becomes a feature only by name.
    """
    taken = {*IDS, *QUALITY, target}
    numbers = clips.select_dtypes("number").columns
    return [str(name) for name in numbers if name not in taken]


def find_codes(clips: pd.DataFrame, target: str, features: Sequence[str]) -> Iterator[Problem]:
    """Yield a problem for each feature whose few values each go with one value of the target.

    Models warn by themselves of features that are the target in another unit or name.

    Parameters
    ----------
    clips
        CLIPS without gaps in the target and the features.
    target, features
        Their columns.
    """
    codes = clips[target].astype("category").cat.codes
    most = min(_MOST_CODES, 2 * clips[target].nunique(), len(clips) / 2)
    for name in features:
        levels = clips[name].nunique()
        if name == target or not 2 <= levels <= most:
            continue
        if clips[target].dtype.kind in "iuf":
            same = abs(clips[name].corr(clips[target])) > 1 - 1e-9
        else:
            same = levels == clips[target].nunique()
        if not same and codes.groupby(clips[name]).nunique().max() == 1:
            fact = f"'{target}' away: each of its values goes with one of the target's."
            remedy = ("If it was made from the target, leave it out with ", Option("features"), ".")
            yield Problem(f"Feature '{name}' gives {fact}", remedy)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What every model of a study learns from.

    Attributes
    ----------
    clips, parts, folds
        CLIPS with the target, each subject's part, and the folds that tune elastic nets, or None.
    target, features
        The column that is predicted, and those it is predicted from.
    by
        ``"context"`` where contexts have models of their own.
    classes
        Whether the target is one of classes.
    """

    clips: pd.DataFrame
    parts: pd.DataFrame
    folds: pd.DataFrame | None
    target: str
    features: tuple[str, ...]
    by: str | None = None
    classes: bool = False

    @property
    def columns(self) -> dict[str, Any]:
        """The target and the features, as verbs take them."""
        return {"target": self.target, "features": list(self.features)}


def find_by(table: pd.DataFrame) -> str | None:
    """Return ``"context"`` where a table has more than one context."""
    if "context" in table and len(order_levels(table["context"])) > 1:
        return "context"
    return None


def check_strata(study: Study, clips: pd.DataFrame, *, style: Style = "study") -> None:
    """Refuse strata where there is one context.

    Raises
    ------
    DataError
        In the words of a study file, or of a command.
    """
    if study.split and study.split.stratify and find_by(clips) is None:
        fact = Option("stratify"), " shares out the subjects of several contexts; there is one."
        remedy = "Name the contexts' column with ", Option("context"), ", or leave this out."
        names = {"context": "by"} if style == "command" else None
        told = (speak(text, style, names) for text in (fact, remedy))
        raise DataError(Problem(*told, file=str(study.path)))


def drop_gaps(
    clips: pd.DataFrame,
    columns: Sequence[str],
    log: Logbook,
    *,
    stage: str,
    reason: str,
    classes: str | None = None,
) -> pd.DataFrame:
    """Return the clips that have all the columns; the others are written down.

    Of a target of ``classes`` those are named of which nothing is left.

    Raises
    ------
    DataError
        If no clip is left.
    """
    gaps = clips[list(columns)].isna()
    broken = gaps.any(axis=1)
    told = list_lost(clips, ~broken.to_numpy(), columns, classes)
    left_out = clips.loc[broken, "clip"].tolist()
    log.exclude(
        stage, "clips", len(clips), f"{reason} ({told})" if told else reason, left_out=left_out
    )
    if broken.all():
        empty = ", ".join(f"'{name}'" for name in gaps.columns[gaps.all(axis=0)])
        fact = f"none of {len(clips):,} clips can be used: {reason} ({told})."
        remedy = f"No clip has a value of {empty}: name other columns." if empty else _THIN
        raise DataError(Problem(fact, remedy))
    return clips[~broken]


def summarise_videos(
    settings: OpenfaceSettings, folder: Path, log: Logbook, *, n_jobs: int = 1
) -> pd.DataFrame:
    """Return CLIPS: ids, features, quality, and the target and features that the study names.

    Parameters
    ----------
    settings
        The table ``[openface]``.
    folder
        Where the study file is; files below it are named from there.
    log
        Gets the files, and the clips that could not be used with the reason.
    n_jobs
        Processes that share the files.

    Raises
    ------
    DataError
        If files cannot be used, or give no column that the study names.
    """
    from exprstats.behaviour import FEATURES, read_segments, summarise_openface

    segments = read_segments(
        settings.segments,
        clip=settings.clip,
        video=settings.video,
        subject=settings.subject,
        context=settings.context,
        target=None if settings.target in (*FEATURES, *QUALITY) else settings.target,
        classes=True if settings.classes else None,
        reading=settings.choose_reading(),
    )
    named = (*(settings.features or ()), *filter(None, [settings.target]))
    # A misspelt name is told before hours of frames are read.
    _refuse_unknown(named, (*FEATURES, *QUALITY, *segments.columns))
    result = summarise_openface(
        settings.folder,
        segments,
        **{name: getattr(settings, name) for name in _CHOICES},
        hashed=True,
        n_jobs=n_jobs,
    )
    _note_videos(result.files, folder, log)
    _note_failures(result.ledger, log)
    require_columns(result.clips, named, "clips")
    wanted = dict.fromkeys((*IDS, *FEATURES, *QUALITY, *named))
    return result.clips[[name for name in wanted if name in result.clips]]


def _refuse_unknown(named: Iterable[str], known: Sequence[str]) -> None:
    problems = [
        Problem(f"[openface] names '{name}', which no column is.", name_nearest(name, known))
        for name in named
        if name not in known
    ]
    if problems:
        raise DataError(problems)


def _note_videos(files: pd.DataFrame, folder: Path, log: Logbook) -> None:
    for row in files[files["status"] == "ok"].to_dict("records"):
        path = Path(row["file"])
        shown = path.relative_to(folder) if path.is_relative_to(folder) else path
        notes = (str(row["note"]),) if isinstance(row["note"], str) else ()
        rows, columns = int(row["n_rows"]), int(row["n_columns"])
        one = InputFile("openface", shown.as_posix(), row["sha256"], rows, columns, notes)
        log.inputs.append(one)


def _note_failures(ledger: pd.DataFrame, log: Logbook) -> None:
    """Write down the clips that fail, one entry a kind of reason."""
    failed = ledger[~ledger["kept"]]
    kinds = failed["reason"].map(lambda reason: str(reason).split(" (")[0])
    left = len(ledger)
    for kind, rows in failed.groupby(kinds):
        log.exclude("read", "clips", left, str(kind), left_out=rows["clip"].tolist())
        left -= len(rows)
