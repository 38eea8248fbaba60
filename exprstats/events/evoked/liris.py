"""Files of LIRIS-ACCEDE: rankings, sets, description, and continuous valence and arousal."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd

from exprstats.errors import DataError, Problem
from exprstats.events.readers.wordlists import read_lines

_SETS = {0: "test", 1: "learning", 2: "validation"}
_SCORES = ["valenceValue", "arousalValue"]
_NAMES = ["valence", "arousal"]
_RELEASE = "Take the file of the same release."
_CONTINUOUS = re.compile(r"^(?P<film>.+?)_(?P<what>Valence-Arousal|Valence|Arousal)$", re.I)


def is_liris(path: Path) -> bool:
    """Return whether a file's name is one that LIRIS-ACCEDE gives its annotations.

    Examples
    --------
    >>> is_liris(Path("MEDIAEVAL18_00_Valence-Arousal.txt")), is_liris(Path("eev.csv"))
    (True, False)
    """
    name = path.stem.lower()
    known = name in {"accederanking", "accedesets", "accededescription"}
    text = path.suffix.lower() == ".txt"
    return known or (text and _CONTINUOUS.match(path.stem) is not None)


def read_liris(paths: list[Path]) -> list[pd.DataFrame]:
    """Return EVOKED tables of the files of LIRIS-ACCEDE, those that belong together joined.

    Rankings are of excerpts, which share films: ``video`` is the film where the description names
    it, and time counts the excerpts of a film in s where the description has their starts. ``part``
    is the published set. Continuous files have valence and arousal each second, from -1 to 1. Sets
    or descriptions without the ranking are a DataError.
    """
    named = {path.stem.lower(): path for path in paths}
    tables = []
    if any(name.startswith("accede") for name in named):
        tables.append(_join_excerpts(named))
    halves: dict[str, dict[str, pd.DataFrame]] = {}
    for path in paths:
        found = _CONTINUOUS.match(path.stem)
        if found is None:
            continue
        what = found["what"].lower()
        names = _NAMES if "-" in what else [what]
        halves.setdefault(found["film"], {})[what] = _read_seconds(path, names)
    for film, parts in halves.items():
        tables.append(_join_halves(film, parts))
    return tables


def _join_excerpts(named: dict[str, Path]) -> pd.DataFrame:
    if "accederanking" not in named:
        fact = "the sets and descriptions of LIRIS-ACCEDE hold no valence or arousal."
        raise DataError(Problem(fact, "Name ACCEDEranking.txt beside them."))
    ranking = _read_tabs(named["accederanking"], ["id", "name", *_SCORES])
    table = ranking[["id", "name", *_SCORES]]
    table = table.rename(columns=dict(zip(_SCORES, _NAMES, strict=True)))
    if "accedesets" in named:
        sets = _read_tabs(named["accedesets"], ["id", "set"])
        table = table.merge(sets[["id", "set"]], on="id", how="left")
        table["part"] = table.pop("set").map(_SETS)
        if table["part"].isna().any():
            fact = f"excerpt '{table.loc[table['part'].isna(), 'name'].iloc[0]}' has no set 0 to 2."
            raise DataError(Problem(fact, _RELEASE, file=str(named["accedesets"])))
    table["video"], table["time"] = table["name"].astype(str), 0.0
    if "accededescription" in named:
        films = _read_description(named["accededescription"])
        table = table.drop(columns=["video", "time"]).merge(films, on="id", how="left")
        lost = table["video"].isna()
        if lost.any():
            fact = f"the description names no film of excerpt '{table.loc[lost, 'name'].iloc[0]}'."
            raise DataError(Problem(fact, _RELEASE))
    first = ["video", "time", *(["part"] if "part" in table else [])]
    return table[[*first, *_NAMES]]


def _read_description(path: Path) -> pd.DataFrame:
    from xml.etree import ElementTree

    try:
        root = ElementTree.parse(path).getroot()
        rows = [
            {
                "id": int(media.findtext("id") or -1),
                "video": (media.findtext("movie") or media.findtext("name") or "").strip(),
                "start": float(media.findtext("start") or "nan"),
            }
            for media in root.iter("media")
        ]
    except (ElementTree.ParseError, ValueError) as error:
        fact = f"this is not valid XML, or an id or start is no number ({error})."
        raise DataError(Problem(fact, "Download it again.", file=str(path))) from None
    if not rows:
        fact = "there is no <media> in it."
        raise DataError(Problem(fact, "Take ACCEDEdescription.xml.", file=str(path)))
    table = pd.DataFrame(rows)
    # Starts are counted in frames, whose rate no file tells: excerpts of a film are numbered.
    order = table.groupby("video")["start"].rank(method="first")
    table["time"] = order.fillna(pd.Series(np.arange(1, len(table) + 1), table.index)) - 1.0
    return table[["id", "video", "time"]]


def _read_tabs(path: Path, names: list[str]) -> pd.DataFrame:
    table = pd.read_csv(StringIO(read_lines(path)), sep="\t")
    table.columns = [str(name).strip() for name in table.columns]
    absent = [name for name in names if name not in table]
    if absent:
        fact = f"it has no column '{absent[0]}'; a file of LIRIS-ACCEDE has."
        raise DataError(Problem(fact, "Take the published file.", file=str(path)))
    return table


def _read_seconds(path: Path, names: list[str]) -> pd.DataFrame:
    """Return times and values below one header line, fields parted by blanks or tabs.

    Columns are found by the beginning of their names where the header has them, else by place.
    """
    lines = read_lines(path).splitlines()
    header = [one.lower() for one in lines[0].split()] if lines else []
    try:
        values = np.loadtxt(lines[1:], ndmin=2) if lines[1:] else np.zeros((0, 0))
    except ValueError as error:
        fact = f"below its header it must hold numbers only ({error})."
        raise DataError(Problem(fact, "Take the published file.", file=str(path))) from None
    width = values.shape[1] if len(values) else 0
    found = [[at for at, one in enumerate(header) if one.startswith(name)][:1] for name in names]
    # Of a single dimension, a further column is its spread over annotators; before both together
    # stand a time, or the start and the end of a segment, as in 2017.
    places = [1] if len(names) == 1 else [width - 2, width - 1]
    if all(found) and len(header) == width:
        places = [at for (at,) in found]
    if width <= len(names):
        fact = f"it has {width} fields per line."
        remedy = f"It must hold time, {' and '.join(names)}."
        raise DataError(Problem(fact, remedy, file=str(path)))
    return pd.DataFrame(values[:, [0, *places]], columns=["time", *names])


def _join_halves(film: str, parts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    tables = list(parts.values())
    joined = tables[0]
    for other in tables[1:]:
        fresh = [name for name in other if name == "time" or name not in joined]
        joined = joined.merge(other[fresh], on="time", how="outer", sort=True)
    joined.insert(0, "video", film)
    return joined
