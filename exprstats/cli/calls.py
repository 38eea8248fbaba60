"""Calls of commands on a file, as a user would type them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exprstats.cli.reading import split_labels
from exprstats.errors import join_names

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.io import Reading

Value = str | list[str] | bool
# Options that name one column or word; the others take lists.
SINGLE = frozenset(
    {
        "rater",
        "item",
        "target",
        "truth",
        "positive",
        "model",
        "weights",
        "segments",
        "lexicon",
        "tracker",
        "time",
    }
    | {"encoding", "sheet", "header-row"}
)


@dataclass(frozen=True, slots=True)
class Call:
    """A command on a file: its options in order, lists where the option takes several names."""

    command: str
    options: dict[str, Value]

    def write(self, file: Path, reading: Reading) -> str:
        """Return the call as a person types it; names of any kind survive the shell.

        How the file was read stands in it, so that it is read in the same way again.
        """
        words = ["exprstats", self.command, *map(_write_place, list_named_files(file))]
        for option, value in {**self.options, **self._name_reading(reading)}.items():
            if value is True:
                words.append(f"--{option}")
                continue
            names = value if isinstance(value, list) else [value]
            text = str(value) if option in SINGLE else join_names(names)
            # Click takes "--rating -x" for two options.
            glue = text.startswith("-")
            words += [f"--{option}={text}"] if glue else [f"--{option}", text]
        return shlex.join(words)

    def read(self, file: Path, reading: Reading) -> pd.DataFrame | None:
        """Return the table that the command would read, or refuse; None of one that reads none."""
        from exprstats.io import read_clips, read_items, read_predictions, read_ratings

        given: dict[str, Any] = {
            {"by": "context", "rating": "items"}.get(name.replace("-", "_"), name): value
            for name, value in self.options.items()
            if name not in {"model", "weights", "metric", "labels", "missing"}
        }
        reading = self._extend(reading)
        if self.command in {"reliability", "agreement"} or "rater" in given:
            if self.command == "factor":
                answers = self.options.get("rating")
                rating = answers[0] if isinstance(answers, list) else None
                given |= {"items": self.options["items"], "rating": rating}
            elif len(given.get("items", ())) == 1:
                given["rating"] = given.pop("items")[0]
            given["raters_in_rows"] = bool(given.pop("raters-in-rows", False))
            return read_ratings(file, **given, reading=reading)
        readers = {"factor": read_items, "fit": read_clips, "compare": read_predictions}
        reader: Any = readers.get(self.command)
        if self.command == "fit":
            given["classes"] = None
        return None if reader is None else reader(file, **given, reading=reading)

    def _name_reading(self, reading: Reading) -> dict[str, Value]:
        """Return the options of reading, with the codes and labels that the call adds."""
        single = {"encoding": reading.encoding, "sheet": reading.sheet}
        single |= {"header-row": reading.header_row}
        found: dict[str, Value] = {
            name: str(value) for name, value in single.items() if value is not None
        }
        if "labels" not in self.options and reading.name_answers():
            found["labels"] = write_labels(reading.labels)
        known, missing = self.options.get("missing", []), reading.missing
        codes = [missing] if isinstance(missing, str | float | int) else list(missing)
        if codes and isinstance(known, list):
            found["missing"] = list(dict.fromkeys([*known, *map(str, codes)]))
        return found

    def _extend(self, reading: Reading) -> Reading:
        more: dict[str, Any] = {
            name: [one for one in value if one != "fiml"]
            for name, value in self.options.items()
            if name in {"labels", "missing"} and isinstance(value, list)
        }
        if "labels" in more:
            more["labels"] = split_labels(join_names(more["labels"]))
        if "missing" in more:
            given: Any = self._name_reading(reading).get("missing", more["missing"])
            more["missing"] = [one for one in given if one != "fiml"]
        return replace(reading, **more)


def name_call(given: dict[str, Any]) -> Call:
    """Return the call of reliability with arguments of `exprstats.io.read_ratings`.

    Examples
    --------
    >>> name_call({"clip": "Subject", "rater": "Days", "rating": "rt"}).options["rating"]
    ['rt']
    """
    options: dict[str, Value] = {}
    for name, value in given.items():
        option = {"items": "rating", "context": "by"}.get(name, name.replace("_", "-"))
        if value is True or option in SINGLE:
            options[option] = value
        else:
            options[option] = [value] if isinstance(value, str) else list(value)
    return Call("reliability", {**options, "model": "auto"})


def write_labels(labels: Any) -> list[str]:
    """Return answers as an option lists them: from the lowest, or each with its number."""
    if isinstance(labels, Mapping):
        return [f"{name}={number:g}" for name, number in labels.items()]
    names = [str(name) for name in labels]
    numbered = any("=" in name for name in names)
    return [f"{one}={place}" for place, one in enumerate(names, 1)] if numbered else names


def list_named_files(file: Path) -> list[Path]:
    """Return the files that a path stands for, if nothing shorter names them."""
    from exprstats.io.files.joined import BETWEEN, list_joined

    return list(list_joined(file)) if BETWEEN in str(file) and not file.exists() else [file]


def _write_place(file: Path) -> str:
    text = str(file)
    return f"./{text}" if text.startswith("-") and text != "-" else text
