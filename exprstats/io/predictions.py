"""Prediction files, long or wide, one or several, to the PREDICTIONS table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.io.numbers import Missing
from exprstats.io.roles import number_clips, pick_roles, rename_roles
from exprstats.io.sources import Draft, FilePath, Source, give_role, open_source

_EXTRAS: tuple[str, ...] = ("seat", "part", "fitted_on")
_ORDER = ("clip", "model", "seat", "subject", "context", "part", "fitted_on")
_KEY = ("context", "clip", "model", "seat", "fitted_on")


def read_predictions(
    paths: FilePath | Sequence[FilePath],
    *,
    clip: str = "clip",
    subject: str = "subject",
    context: str | None = None,
    truth: str = "truth",
    models: Sequence[str] | None = None,
    model: str = "model",
    prediction: str = "prediction",
    missing: Iterable[str | float] = (),
) -> pd.DataFrame:
    """Read predictions of one or more models.

    A long file has one row a clip and model; without a model column its name (without ending)
    is the model. A wide file has one column a model (``models``); without a clip column its
    row number is the clip.

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
        The models' columns of wide files; of several files each needs at least one.
    model, prediction
        Columns of long files.
    missing
        Further texts or numbers that stand for a missing value, beside empty, NA, NaN and ".".

    Returns
    -------
    pandas.DataFrame
        PREDICTIONS: ``clip``, ``model``, ``seat``?, ``subject``, ``context``?, ``part``?,
        ``fitted_on``?, ``truth``, ``prediction``.

    Raises
    ------
    DataError
        With every problem of all files.
    """
    files = [paths] if isinstance(paths, str | PathLike) else list(paths)
    if not files:
        raise DataError(Problem("no prediction file is named.", "Name at least one."))
    sources = [open_source(file) for file in files]
    named = {"clip": clip, "subject": subject, "context": context}
    columns = {"truth": truth, "prediction": prediction, "model": model}
    drafts = [
        _read_wide(source, named, truth, _share_models(source, models, len(files)), missing)
        if models is not None
        else _read_long(source, named, columns, missing)
        for source in sources
    ]
    problems = _collect_problems(drafts, models, sources)
    if problems:
        raise DataError(problems)
    table = pd.concat([draft.table for draft in drafts], ignore_index=True)
    _refuse_repeats(table, [str(file) for file in files])
    return table


def _share_models(source: Source, models: Sequence[str], files: int) -> list[str]:
    """Return the models that one file should hold: all, or of several files those it has."""
    held = [name for name in models if source.has(name)]
    return held if files > 1 and held else list(models)


def _read_long(
    source: Source,
    named: dict[str, str | None],
    columns: dict[str, str],
    missing: Iterable[str | float],
) -> Draft:
    named = {**named, **{name: name for name in _EXTRAS if source.has(name)}}
    alone = columns["model"] == "model" and not source.has("model")
    if not alone:
        named["model"] = columns["model"]
    draft = _take(source, named, {name: columns[name] for name in ("truth", "prediction")}, missing)
    if alone:
        draft.table["model"] = pd.array([source.layout.path.stem], dtype="str").repeat(
            len(draft.table)
        )
    return _order(draft)


def _read_wide(
    source: Source,
    named: dict[str, str | None],
    truth: str,
    models: Sequence[str],
    missing: Iterable[str | float],
) -> Draft:
    named = {**named, **{name: name for name in _EXTRAS[1:] if source.has(name)}}
    numbered = named["clip"] == "clip" and not source.has("clip")
    if numbered:
        named = {**named, "clip": None}
    wide = _take(source, named, {"truth": truth, **{name: name for name in models}}, missing)
    if not {"truth", *models} <= set(wide.table.columns):
        return wide
    if numbered:
        number_clips(wide)
    rest = wide.table.drop(columns=list(models))
    places = np.tile(np.arange(len(rest)), len(models))
    long = rest.take(places).reset_index(drop=True)
    long["model"] = pd.array(list(models), dtype="str").repeat(len(rest))
    long["prediction"] = wide.table[list(models)].to_numpy(float).ravel(order="F")
    return _order(Draft(wide.file, long, wide.rows[places], wide.problems))


def _take(
    source: Source,
    named: dict[str, str | None],
    numbers: dict[str, str],
    missing: Iterable[str | float],
) -> Draft:
    ids = pick_roles(source, named)
    roles = give_role(numbers.values(), "number") | give_role(ids.values(), "id")
    draft = source.take(roles, Missing(missing))
    known = {**ids, **numbers}
    return rename_roles(draft, {k: name for k, name in known.items() if name in draft.table})


def _order(draft: Draft) -> Draft:
    names = [*_ORDER, "truth", "prediction"]
    draft.table = draft.table[[name for name in names if name in draft.table.columns]]
    key = [name for name in _KEY if name in draft.table.columns]
    draft.find_repeats(
        key, "A model predicts a clip once; name the context column if clips share ids."
    )
    return draft


def _collect_problems(
    drafts: Sequence[Draft], models: Sequence[str] | None, sources: Sequence[Source]
) -> list[Problem]:
    problems = []
    for draft in drafts:
        try:
            draft.finish()
        except DataError as error:
            problems += error.problems
    absent = [name for name in models or () if not any(source.has(name) for source in sources)]
    if len(sources) > 1:
        problems += [
            Problem(f"no file has a column '{name}'.", "Check the name.") for name in absent
        ]
    return problems


def _refuse_repeats(table: pd.DataFrame, files: Sequence[str]) -> None:
    key = [name for name in _KEY if name in table.columns]
    repeated = table.duplicated(key)
    if repeated.any():
        names = ", ".join(f"'{name}'" for name in table.loc[repeated, "model"].unique()[:5])
        fact = f"model {names} predicts the same clips in more than one of {', '.join(files)}."
        raise DataError(Problem(fact, "Give the models different names."))
