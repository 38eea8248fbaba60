"""The PREDICTIONS table from files, long or wide, one or several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.codes import note_codes, recall_codes, repeats_rows
from exprstats.errors import DataError, Option, Problem, Text, warn_user
from exprstats.io.classes import (
    PREDICTED,
    choose_largest,
    code_classes,
    code_positive,
    find_mixed,
    note_mixed,
)
from exprstats.io.drafts import Draft, list_names, number_rows
from exprstats.io.files.joined import list_joined
from exprstats.io.files.reading import Reading, choose_reading
from exprstats.io.files.words import is_model, is_prediction, is_truth
from exprstats.io.guards.truths import find_truth_file, lend_truth, name_clip, name_value
from exprstats.io.sources import (
    Columns,
    FilePath,
    Source,
    give_role,
    open_source,
    pick_roles,
    read_others,
)
from exprstats.options import list_paths, name_nearest, name_some

_EXTRAS: tuple[str, ...] = ("seat", "part", "fitted_on")
_WIDE = ("If each model has a column of its own, name these with ", Option("models"), ". ")
_ORDER = ("clip", "model", "seat", "subject", "context", "part", "fitted_on")
_KEY = ("context", "clip", "model", "seat", "fitted_on")


def read_predictions(
    paths: FilePath | Sequence[FilePath],
    *,
    clip: Columns = "clip",
    subject: Columns = "subject",
    context: Columns | None = None,
    truth: str = "truth",
    models: Sequence[str] | None = None,
    model: str = "model",
    prediction: str = "prediction",
    seat: str | None = None,
    positive: str | None = None,
    missing: Iterable[str | float] = (),
    common: bool = False,
    reading: Reading | None = None,
    **options: Any,
) -> pd.DataFrame:
    r"""Read predictions of one or more models.

    A long file has one row per clip and model; without a model column its name (without ending)
    is the model. A wide file has one column a model (``models``); without a clip column its
    row number is the clip. The truth may stand in a file of its own, which clips' ids join to
    those of predictions as `align_forms` says.

    Parameters
    ----------
    paths
        One file or several of the same kind.
    clip, subject
        Columns of the clip's and its subject's id.
    context
        Column; by default "context" where the file has it.
    truth
        Column of the true values.
    models
        The models' columns of wide files, at least one a file; of long files, the models to keep.
        A name that is no column but the start of one for each class (``p`` of ``p_joy``, ``p_sad``)
        is a model that predicts the class with the largest value.
    model, prediction
        Columns of long files.
    seat
        Column of raters or of training runs of the same models, which one file at least has; by
        default "seat". Rows of files without it have no seat.
    positive
        The class that predictions are probabilities of: it becomes 1, all others 0.
    common
        Whether to leave out, with a warning, the clips that a model has no prediction of.
    missing, reading, **options
        How the file is to be read, a `Reading` or its fields by name: further texts or numbers
        that stand for a missing value, ``encoding``, ``sheet``, ``header_row``, ``labels``.

    Returns
    -------
    pandas.DataFrame
        PREDICTIONS: ``clip``, ``model``, ``seat``?, ``subject``, ``context``?, ``part``?,
        ``fitted_on``?, ``truth``, ``prediction``. Names of classes are coded 0, 1, ... in
        alphabetical order, and stand beside the codes as ``truth_class`` and
        ``prediction_class``.

    Raises
    ------
    DataError
        With every problem of all files.

    Warns
    -----
    DataWarning
        If a file holds none of the named models and is left out.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "ridge.csv"
    >>> _ = path.write_text("clip,subject,truth,prediction\na,s1,1,1.5\nb,s2,2,1.8\n")
    >>> read_predictions(path)[["clip", "model", "prediction"]].to_numpy().tolist()
    [['a', 'ridge', 1.5], ['b', 'ridge', 1.8]]
    """
    files = [one for path in list_paths(paths) for one in list_joined(path) or (path,)]
    if not files:
        raise DataError(Problem("no prediction file is named.", "Name at least one."))
    how = choose_reading(reading, missing, options)
    sources = [open_source(file, how) for file in files]
    named = {"clip": clip, "subject": subject, "context": context}
    columns = {"truth": truth, "prediction": prediction, "model": model}
    columns |= {} if seat is None else {"seat": seat}
    _check_seat(sources, seat)
    names = None if models is None else list_names(models, {})
    lender = find_truth_file(sources, truth, names or ())
    sources = [source for source in sources if source is not lender]
    if lender is not None:
        del columns["truth"]
    read = [_read_one(source, named, columns, names, positive) for source in sources]
    drafts = [draft for draft, _ in read]
    if lender is not None:
        drafts = lend_truth(lender, truth, named, drafts, positive)
    unused = {draft.file: others for draft, others in read if others}
    problems = [*_collect_problems(drafts), *find_mixed(drafts)]
    if problems:
        raise DataError(problems)
    table = drafts[0].table
    if len(drafts) > 1:
        table = pd.concat([draft.table for draft in drafts], ignore_index=True)
    lists = (*unused.values(), *(source.header for source in sources))
    _refuse_absent(table, names or (), [name for one in lists for name in one])
    if len(drafts) > 1:
        _refuse_repeats(table, [str(file) for file in files])
    for file, others in unused.items():
        warn_user(_tell_unused(file, others))
    table = code_classes(table)
    return _keep_common(table) if common else table


def _keep_common(table: pd.DataFrame) -> pd.DataFrame:
    """Return the clips that every model has a prediction of."""
    key = [name for name in ("context", "clip", "fitted_on") if name in table.columns]
    given = table.dropna(subset=["truth", "prediction"]).groupby(key)["model"].nunique()
    whole = given.index[given == table["model"].nunique()]
    clips = pd.MultiIndex.from_frame(table[key]) if len(key) > 1 else pd.Index(table[key[0]])
    held = clips.isin(whole)
    if not held.any():
        fact = "no clip has a prediction of every model."
        raise DataError(Problem(fact, "Compare models that predict the same clips."))
    if not held.all():
        total = clips.nunique()
        counted = count_things(total - len(whole), "clips lacks", "clips lack", of=total)
        rows = table[key].assign(given=table[["truth", "prediction"]].notna().all(axis=1))
        lost = [
            f"{model}: {name_some(list(dict.fromkeys(held['clip'].astype(str))))}"
            for model, held in rows[~rows["given"]].groupby(table["model"], sort=False)
        ]
        which = f" ({'; '.join(lost)})" if lost else ""
        warn_user(f"{counted} a prediction of some model: left out for all of them{which}.")
    return table[held].reset_index(drop=True)


def _read_one(
    source: Source,
    named: Mapping[str, Columns | None],
    columns: Mapping[str, str],
    models: Sequence[str] | None,
    positive: str | None,
) -> tuple[Draft, list[str]]:
    """Read one file, wide where it has any of the models as a column.

    The names of a long file's models come along if all of them are left out.
    """
    unused: list[str] = []
    held = [name for name in models or () if source.has(name) or _list_classes(source, name)]
    if models is not None and (held or not source.has(columns["prediction"])):
        draft = _read_wide(source, named, columns, held or models, positive)
    else:
        draft = _read_long(source, named, columns, positive)
        if models is not None and "model" in draft.table:
            unused = _keep_models(draft, models)
    names = [name for name in (*_ORDER, "truth", "prediction") if name in draft.table.columns]
    # Columns stay where they are, so that the codes of their ids are known.
    draft.table = pd.DataFrame({name: draft.table[name] for name in names}, copy=False)
    key = [name for name in _KEY if name in names]
    if {"clip", "model"} <= set(key):
        if named["context"] is None:
            draft.judge_contexts(key)
        if repeats_rows(draft.table, key):
            draft.find_repeats(key, _name_seat(source, draft, [*columns.values(), *names], key))
    return draft, unused


def _keep_models(draft: Draft, models: Sequence[str]) -> list[str]:
    """Keep the rows of some models; return the names of the others if no row is left."""
    present = draft.table["model"].unique().tolist()
    draft.keep(draft.table["model"].isin(models).to_numpy())
    return [] if len(draft.rows) else present


def _tell_unused(file: str, models: Sequence[str]) -> Problem:
    fact = f"it holds no named model and is left out; it holds {name_some(models)}."
    remedy = ("Name those to compare as well with ", Option("models"), ".")
    return Problem(fact, remedy, file=file)


def _read_long(
    source: Source,
    named: Mapping[str, Columns | None],
    columns: Mapping[str, str],
    positive: str | None,
) -> Draft:
    columns = _recognize(source, columns)
    if "truth" not in columns:
        named = {role: one for role, one in named.items() if role == "clip" or source.holds(one)}
        named["clip"] = name_clip(source, named["clip"])
        columns |= {"prediction": name_value(source, columns["prediction"], named)}
    alone = columns["model"] == "model" and not source.has("model")
    taken = list(columns.values())
    known = named if alone else {**named, "model": columns["model"]}
    ids = pick_roles(source, known, taken)
    extras = _find_extras(source, columns)
    valued = {name: columns[name] for name in PREDICTED if name in columns}
    roles = give_role(valued.values(), "label") | give_role(extras.values(), "text")
    source.cures[columns["prediction"]] = _WIDE
    draft = source.take(roles | give_role(ids.values(), "id"))
    code_positive(draft, columns.get("truth"), positive)
    note_mixed(draft, [*valued.values()])
    table = _name_columns(draft.table, {**ids, **valued, **extras})
    if alone:
        table["model"] = pd.array([source.layout.path.stem] * len(table), dtype="str")
    return Draft(draft.file, table, draft.rows, draft.problems, draft.said)


def _recognize(source: Source, columns: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of truth and predictions, also where usual names say them: y_true."""
    found = dict(columns)
    known = {"truth": is_truth, "prediction": is_prediction, "model": is_model}
    for role, is_one in known.items():
        held = [name for name in source.header if is_one(name)]
        if columns.get(role) == role and not source.has(role) and len(held) == 1:
            found[role] = held[0]
            fact = f"it is read as the column of the {role}."
            warn_user(Problem(fact, file=str(source.layout.path), column=held[0]))
    return found


def _list_classes(source: Source, model: str) -> dict[str, str]:
    """Return the columns of one model's classes, with the class that each is called by."""
    ends = {name: name[len(model) :] for name in source.header if name.startswith(model)}
    # Of p_joy, p_sad and person, the last is no class of p.
    apart = {name: end for name, end in ends.items() if not end[:1].islower()}
    kept = apart if len(apart) > 1 and model[-1:].isalnum() else ends
    found = {name: end.strip("_-. ") for name, end in kept.items() if end.strip("_-. ")}
    return found if len(found) > 1 and not source.has(model) else {}


def _check_classes(
    source: Source, model: str, held: Iterable[str], *, truth: bool, positive: str | None
) -> None:
    """Refuse columns of classes whose truth is elsewhere, or is coded as one class and others."""
    fact = f"model '{model}' has a column for each class ({name_some([*held])})"
    file = str(source.layout.path)
    if not truth:
        remedy = "Add the truth to this file, or write each predicted class into one column."
        raise DataError(Problem(f"{fact}, and the truth is in another file.", remedy, file=file))
    if positive is not None:
        told = f"{fact}, so that no class is the positive one."
        remedy = ("Leave out ", Option("positive"), ", or name one of them with ", Option("models"))
        raise DataError(Problem(told, (*remedy, "."), file=file))


def _read_wide(
    source: Source,
    named: Mapping[str, Columns | None],
    columns: Mapping[str, str],
    models: Sequence[str],
    positive: str | None,
) -> Draft:
    if "truth" not in columns:
        named = {role: one for role, one in named.items() if role == "clip" or source.holds(one)}
        named["clip"] = name_clip(source, named["clip"])
    truth = [columns["truth"]] if "truth" in columns else []
    parts = {name: _list_classes(source, name) for name in models}
    ids = pick_roles(source, named, [*truth, *models], numbered=True)
    extras = _find_extras(source, columns)
    whole = [name for name in models if not parts[name]]
    roles = give_role([*truth, *whole], "label") | give_role(extras.values(), "text")
    roles |= give_role([one for held in parts.values() for one in held], "number")
    draft = source.take(roles | give_role(ids.values(), "id"), guarded=not any(parts.values()))
    code_positive(draft, truth[0] if truth else None, positive)
    for name, held in parts.items():
        if held:
            _check_classes(source, name, held, truth=bool(truth), positive=positive)
            choose_largest(draft, name, held, truth[0])
    note_mixed(draft, [*truth, *models])
    known = {**ids, **extras, **({"truth": truth[0]} if truth else {})}
    rest = _name_columns(draft.table, known)
    if "clip" not in ids:
        rest["clip"] = number_rows(len(rest))
    held = [name for name in models if name in draft.table.columns]
    places = np.tile(np.arange(len(rest)), len(held))
    long = rest.take(places).reset_index(drop=True)
    long["model"] = pd.array(held, dtype="str").repeat(len(rest))
    for name in rest:
        if (held_codes := recall_codes(rest[name])) is not None:
            note_codes(long[name], np.tile(held_codes.codes, len(held)), held_codes.levels)
    note_codes(long["model"], np.arange(len(held)).repeat(len(rest)), held)
    long["prediction"] = pd.concat([draft.table[name] for name in held], ignore_index=True)
    return Draft(draft.file, long, draft.rows[places], draft.problems, draft.said)


def _find_extras(source: Source, columns: Mapping[str, str]) -> dict[str, str]:
    """Return canonical name -> column of what a file may have, and has."""
    wanted = {name: columns.get(name, name) for name in _EXTRAS}
    return {name: column for name, column in wanted.items() if source.has(column)}


def _check_seat(sources: Sequence[Source], seat: str | None) -> None:
    if seat is None or any(source.has(seat) for source in sources):
        return
    fact, files = (
        f"there is no column '{seat}'.",
        [(one.header, one.layout.path) for one in sources],
    )
    raise DataError([Problem(fact, name_nearest(seat, header), str(at)) for header, at in files])


def _name_seat(source: Source, draft: Draft, used: Sequence[str], key: Sequence[str]) -> Text:
    """Return what to do about clips that a model predicts again: name runs, or contexts."""
    table = draft.table
    if "seat" not in key:
        for name, column in read_others(source, used).items():
            again = pd.concat([table[list(key)], column], axis=1).duplicated().any()
            if column.nunique() < len(column) and not again:
                fact = f"'{name}' tells them apart. If it numbers runs or repetitions: "
                return (fact, Option("seat", str(name)), ".")
    return ("If contexts share ids, name their column with ", Option("context"), ".")


def _name_columns(table: pd.DataFrame, known: Mapping[str, str]) -> pd.DataFrame:
    """Return the columns that were found, under their canonical names."""
    found = {name: table[column] for name, column in known.items() if column in table.columns}
    return pd.DataFrame(found, index=table.index, copy=False)


def _collect_problems(drafts: Sequence[Draft]) -> list[Problem]:
    problems = []
    for draft in drafts:
        try:
            draft.finish()
        except DataError as error:
            problems += error.problems
    return problems


def _refuse_absent(table: pd.DataFrame, models: Sequence[str], columns: Sequence[str]) -> None:
    present = table["model"].unique().tolist()
    known = list(dict.fromkeys([*present, *columns]))
    absent = [name for name in models if name not in present]
    if absent:
        problems = [
            Problem(f"no file holds predictions of '{name}'.", name_nearest(name, known))
            for name in absent
        ]
        raise DataError(problems)


def _refuse_repeats(table: pd.DataFrame, files: Sequence[str]) -> None:
    key = [name for name in _KEY if name in table.columns]
    if repeats_rows(table, key):
        repeated = table.duplicated(key)
        names = ", ".join(f"'{name}'" for name in table.loc[repeated, "model"].unique()[:5])
        fact = f"model {names} predicts the same clips in more than one of {', '.join(files)}."
        raise DataError(Problem(fact, "Give the models different names."))
