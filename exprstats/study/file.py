"""Study files: TOML in, a checked `Study` out, every problem at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from exprstats.errors import DataError, Problem
from exprstats.study.conflicts import find_conflicts
from exprstats.study.defaults import fill_tables
from exprstats.study.reading import Reader, Unreadable, show_value
from exprstats.study.settings import (
    ClipsSettings,
    CompareSettings,
    ContrastsSettings,
    ImportanceSettings,
    ModelSettings,
    OpenfaceSettings,
    RatingsSettings,
    ScoresSettings,
    SplitSettings,
    Study,
    WeightsSettings,
)
from exprstats.words import name_nearest

Settings = TypeVar("Settings")

_TABLES: dict[str, type] = {
    "ratings": RatingsSettings,
    "scores": ScoresSettings,
    "clips": ClipsSettings,
    "openface": OpenfaceSettings,
    "split": SplitSettings,
    "compare": CompareSettings,
    "weights": WeightsSettings,
    "contrasts": ContrastsSettings,
    "importance": ImportanceSettings,
}
_NEEDS = {"scores": "ratings", "split": "clips", "models": "clips", "compare": "clips"}
_NEEDS |= {"weights": "clips", "contrasts": "clips", "importance": "clips"}


def read_study(path: str | Path) -> Study:
    """Read a study file and check every key in it.

    Parameters
    ----------
    path
        A TOML file; the paths in it are relative to it.

    Returns
    -------
    Study
        With the defaults filled in: a study with ratings and clips has `ScoresSettings`,
        `SplitSettings`, models and `CompareSettings` even where the file leaves them out.

    Raises
    ------
    DataError
        With one `Problem` for each unknown key, wrong type, absent file or table that does not
        fit the others.
    """
    path = Path(path)
    reading = _Reading(path)
    study = reading.read_all(_load_toml(path))
    if reading.problems or study is None:
        raise DataError(reading.problems)
    return study


def _load_toml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text.replace("\r\n", "\n"))
    except FileNotFoundError:
        fact, remedy = "there is no such file.", "Check the name and the folder."
    except IsADirectoryError:
        fact, remedy = "this is a folder.", "Name the study file in it."
    except UnicodeDecodeError:
        fact, remedy = "the study file is not in UTF-8.", "Save it as UTF-8."
    except tomllib.TOMLDecodeError as error:
        fact = f"this is not valid TOML: {error}."
        remedy = 'Texts stand in quotes ("clip"), lists in brackets (["a", "b"]), one key a line.'
    except OSError as error:
        fact, remedy = f"the file cannot be read: {error.strerror}.", "Check its name and rights."
    raise DataError(Problem(fact, remedy, file=str(path)))


class _Reading:
    """One pass over one file, gathering problems."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def complain(self, fact: str, remedy: str = "") -> None:
        self.problems.append(Problem(fact, remedy, file=str(self.path)))

    def read_all(self, content: dict[str, Any]) -> Study | None:
        known = ["title", "seed", "models", *_TABLES]
        self._refuse_unknown(content, known, "the study file")
        tables = {
            name: self._read_table(content[name], kind, f"[{name}]")
            for name, kind in _TABLES.items()
            if name in content
        }
        models = self._read_models(content.get("models", []))
        top = self._read_keys(content, Study, "")
        self._check_presence(content)
        if self.problems:
            return None
        study = Study(self.path, **top, **fill_tables(tables, models))
        for fact, remedy in find_conflicts(study):
            self.complain(fact, remedy)
        return study

    def _read_table(self, value: Any, kind: type[Settings], where: str) -> Settings | None:
        if not isinstance(value, dict):
            self.complain(
                f"{where} must be a table, not {show_value(value)}.",
                f"Write {where} on a line of its own and its keys below.",
            )
            return None
        self._refuse_unknown(value, list(_list_readers(kind)), where)
        before = len(self.problems)
        read = self._read_keys(value, kind, f"{where} ")
        return kind(**read) if len(self.problems) == before else None

    def _read_keys(self, table: dict[str, Any], kind: type, where: str) -> dict[str, Any]:
        read = {}
        needed = {key.name for key in fields(kind) if key.default is MISSING}
        for name, reader in _list_readers(kind).items():
            if name in table:
                try:
                    read[name] = reader(table[name], self.path.parent)
                except Unreadable as error:
                    self.complain(f"{where}{name} {error}")
            elif name in needed:
                self.complain(f"{where}{name} is missing.", "Add it.")
        return read

    def _refuse_unknown(self, table: dict[str, Any], known: list[str], where: str) -> None:
        for name in table:
            if name not in known:
                self.complain(f"{where} has no key '{name}'.", name_nearest(name, known))

    def _read_models(self, value: Any) -> tuple[ModelSettings, ...]:
        if not isinstance(value, list):
            self.complain("models must be written as [[models]], with two brackets a side.")
            return ()
        read = [
            self._read_table(table, ModelSettings, f"[[models]] number {number}:")
            for number, table in enumerate(value, start=1)
        ]
        return tuple(model for model in read if model is not None)

    def _check_presence(self, content: dict[str, Any]) -> None:
        given = set(content) | ({"clips"} if "openface" in content else set())
        if {"clips", "openface"} <= content.keys():
            fact = "the study has both [clips] and [openface], which give the same table."
            self.complain(fact, "Keep the one that you have.")
        if not {"ratings", "clips"} & given:
            self.complain(
                "the study has neither [ratings] nor [clips].",
                "Add the table of the file that you have.",
            )
            return
        for name, needed in _NEEDS.items():
            if name in content and needed not in given:
                fact = f"[{name}] needs [{needed}], which is absent."
                self.complain(fact, f"Add [{needed}] or remove [{name}].")


def _list_readers(kind: type) -> Mapping[str, Reader]:
    hints = get_type_hints(kind, include_extras=True)
    return {
        name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")
    }
