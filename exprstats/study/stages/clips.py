"""Stage of a study on its clips: videos that are summarised, and columns that are features."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.behaviour.ledger import KEPT_QUALITY
from exprstats.contracts import require_columns
from exprstats.errors import LEAVE_ONE_OUT, DataError, Option, Problem, speak, warn_user
from exprstats.io.detection import IDS as ROLES
from exprstats.io.detection import WORDS, split_name
from exprstats.io.guards.features import COPY, judge_features, tell_features
from exprstats.options import name_nearest, name_some
from exprstats.study.files import ClipsSettings, OpenfaceSettings, SubjectsSettings
from exprstats.study.joins import IDS
from exprstats.study.provenance import InputFile, Logbook

_MOST_CODES = 20  # values of a feature that may be the target in other words
_ROLES = frozenset(word for role in ROLES for word in WORDS[role])
_FEW_CLIPS = 10
_NEAR = 0.99  # a correlation with the target that only its own values reach
_SOME, _FAR = 1000, 0.9  # clips drawn, and a rank correlation among them that denies it
# How well a clip was tracked says how far its features can be trusted, not how a face moves.
# What the study says in the words of summarise_openface.
_CHOICES = (
    *("hz", "sampling", "confidence", "min_valid", "unit", "signed", "face", "fps"),
    *("unmatched", "recursive", "endings"),
)


def summarise_videos(
    settings: OpenfaceSettings, folder: Path, log: Logbook, *, n_jobs: int = 1
) -> pd.DataFrame:
    """Return CLIPS: ids, features, quality, and the target and features that the study names.

    Files below ``folder``, where the study file is, are named from there. The log gets the files,
    and the clips that could not be used with the reason.
    """
    from exprstats.behaviour import FEATURES, read_segments, summarise_openface

    segments = read_segments(
        settings.segments,
        clip=settings.clip,
        video=settings.video,
        subject=settings.subject,
        context=settings.context,
        target=None if settings.target in (*FEATURES, *KEPT_QUALITY) else settings.target,
        classes=True if settings.classes else None,
        reading=settings.choose_reading(),
    )
    named = (*(settings.features or ()), *filter(None, [settings.target]))
    # A misspelt name is told before hours of frames are read.
    _refuse_unknown(named, (*FEATURES, *KEPT_QUALITY, *segments.columns))
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
    wanted = dict.fromkeys((*IDS, *FEATURES, *KEPT_QUALITY, *named))
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


def take_features(
    clips: pd.DataFrame,
    settings: ClipsSettings,
    log: Logbook,
    *,
    people: SubjectsSettings | None = None,
) -> tuple[pd.DataFrame, list[str]]:
    """Return the clips with their categories coded, and the feature columns.

    Features are those that the study names, else all columns of numbers and of few texts that
    could be. Of the columns that ``people`` lent only those are that it names.

    Warns
    -----
    DataWarning
        Columns that nobody named and that are no features: row numbers, ids, copies of the target.
    """
    from exprstats.models.data.categories import code_categories, find_categories
    from exprstats.models.data.design import refuse_target

    target, own = settings.target, list(people.features or ()) if people else []
    if settings.features:
        names = list(dict.fromkeys([*settings.features, *own]))
        refuse_target(target, names)
        require_columns(clips, names, "clips")
        words = [name for name in names if not pd.api.types.is_numeric_dtype(clips[name])]
        counts = clips[names].nunique()
        flat = [name for name in names if counts[name] == 1]
        if flat:
            told = f"Features with one value in all clips carry no information: {name_some(flat)}. "
            warn_user((told, "Leave them out of ", Option("features"), "."))
    else:
        apart = set(log.joined).difference(own)
        names = [one for one in list_numbers(clips, target) if one not in apart]
        odd = judge_features(clips, names, target=target)
        odd |= dict.fromkeys(
            (one for one in names if one not in odd and _is_copy(clips, one, target)),
            "all but a copy of the target",
        )
        odd = odd if len(odd) < len(names) else {}
        parts = {
            part
            for one in (settings.clip, settings.subject, settings.context)
            for part in ((one,) if isinstance(one, str) else one or ())
        }
        texts = [str(one) for one in clips.select_dtypes(exclude="number")]
        free = [one for one in texts if one not in {*IDS, target, *parts, *apart}]
        # A column named as one of clips, contexts or raters is no description of a person.
        plain = [one for one in free if one in own or not split_name(one) & _ROLES]
        words, copies = find_categories(clips, plain, target)
        odd |= dict.fromkeys(copies, COPY)
        if odd:
            counted = count_things(len(odd), "column is", "columns are")
            told = f"{counted} left out of the features: {', '.join(tell_features(odd))}. "
            warn_user((told, "To use them, name all features with ", Option("features"), "."))
        names = [name for name in names if name not in odd]
        log.passed = tuple(one for one in free if one not in {*words, *copies})
        _note_passed(clips, log)
        names += words
    table, coded = code_categories(clips, words) if words else (clips, {})
    for name in words:
        own = [title for title in coded if title.startswith(f"{name}: ")]
        marks = name_some(own)
        told = f"'{name}' is a category: {marks} against '{coded[own[0]]}'."
        if not settings.features and name not in (people.features or () if people else ()):
            remedy = (" If it names contexts, write ", Option("context", name), " instead.")
            ours = {"context": "by"} if log.style == "command" else None
            told += speak(remedy, log.style, ours) if settings.context is None else ""
        log.notes.append(told)
    listed = [[t for t in coded if t.startswith(f"{n}: ")] if n in words else [n] for n in names]
    return table, [one for group in listed for one in group]


def _note_passed(clips: pd.DataFrame, log: Logbook) -> None:
    """Write down columns of texts that nothing is made of; of row numbers was told before."""
    texts = [one for one in log.passed if not clips[one].astype(str).str.isdigit().all()]
    if texts:
        counted = count_things(len(texts), "column of texts is", "columns of texts are")
        log.notes.append(f"{counted} no feature, context or target: {name_some(texts)}.")


def list_numbers(clips: pd.DataFrame, target: str | None = None) -> list[str]:
    """Return the columns of numbers that could be features.

    Ids, the target and the quality columns of `exprstats.behaviour.summarise_clips` are none;
    quality becomes a feature only by name.
    """
    taken = {*IDS, *KEPT_QUALITY, target}
    numbers = clips.select_dtypes("number").columns
    return [str(name) for name in numbers if name not in taken]


def find_giveaways(clips: pd.DataFrame, target: str, features: Sequence[str]) -> Iterator[Problem]:
    """Yield a problem for each feature that gives the target away, or repeats another feature.

    That is one whose few values each go with one value of the target, and one whose ranks are all
    but the target's. Models warn by themselves of features that are the target in another unit or
    name. The columns have no gaps.
    """
    yield from _find_copies(clips, target, features)
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


def _find_copies(clips: pd.DataFrame, target: str, features: Sequence[str]) -> Iterator[Problem]:
    """Yield a problem for features that are the target with rounding, and for equal features."""
    numbers = [one for one in features if one != target and clips[one].dtype.kind in "iuf"]
    if len(clips) < _FEW_CLIPS:
        return
    remedy = ("If it was made from the target, leave it out with ", Option("features"), ".")
    for name in numbers:
        # What is the target to the last digit the models tell of themselves.
        if _is_copy(clips, name, target) and abs(clips[name].corr(clips[target])) <= 1 - 1e-9:
            told = f"is all but a copy of the target '{target}' (|r| or |rho| > {_NEAR})."
            yield Problem(f"Feature '{name}' {told}", remedy)
    values = clips[numbers].to_numpy(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = len(numbers) > 1 and not np.isnan(values).any()
        found = np.corrcoef(values, rowvar=False) if whole else clips[numbers].corr().to_numpy()
    sizes = np.abs(found)
    for place, name in enumerate(numbers):
        twins = [numbers[k] for k in range(place) if sizes[place, k] > 1 - 1e-9]
        if twins:
            fact = f"Features '{twins[0]}' and '{name}' are the same in other units, and share the"
            yield Problem(f"{fact} credit between them.", LEAVE_ONE_OUT)


def _is_copy(clips: pd.DataFrame, name: str, target: str | None) -> bool:
    """Return whether a column of numbers follows the target, or its ranks, all but exactly."""
    if target is None or len(clips) < _FEW_CLIPS:
        return False
    pair = (clips[name], clips[target])
    if any(one.dtype.kind not in "iuf" or not one.std() > 0 for one in pair):
        return False
    values = np.array([one.to_numpy(float) for one in pair])
    # pandas, which looks for gaps, takes ten times as long.
    gaps = np.isnan(values).any()
    r = pair[0].corr(pair[1]) if gaps else np.corrcoef(values)[0, 1]
    if abs(r) > _NEAR:
        return True
    # Ranks that agree everywhere do so among clips drawn at random, which are sorted sooner.
    if len(clips) > 2 * _SOME:
        drawn = np.random.default_rng(0).choice(len(clips), _SOME, replace=False)
        some = [one.iloc[drawn] for one in pair]
        if abs(some[0].corr(some[1], method="spearman")) < _FAR:
            return False
    return abs(pair[0].corr(pair[1], method="spearman")) > _NEAR
