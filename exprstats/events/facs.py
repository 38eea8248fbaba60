"""Units of the Facial Action Coding System for annotated values, as a table that users can edit."""

from __future__ import annotations

import pandas as pd

from exprstats.contracts import require_columns
from exprstats.errors import DataError, Problem, warn_user
from exprstats.events.intervals import TEXTS, check_events
from exprstats.options import name_some

UNIT = "unit"
# (unit, tier, values): codes of Ekman, Friesen, and Hager (2002) for what signers' faces and heads
# do. Head positions are 51-58 (turn, up/down, tilt, forward/back), movements M59 (nod) and M60
# (shake), 83 (side to side); gaze 61-64 and 69. An empty value stands for every value of the tier.
_UNITS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("AU 1+2", "eye brows", ("raised", "slightly raised", "further raised")),
    ("AU 4", "eye brows", ("lowered", "slightly lowered", "further lowered")),
    ("AU 5", "eye aperture", ("wide", "wider")),
    ("AU 7", "eye aperture", ("squint", "further squinted", "slightly squinted")),
    ("AU 43", "eye aperture", ("closed", "lowered lid", "further lowered", "slightly lowered")),
    ("AU 45", "eye aperture", ("blink",)),
    ("AU 9", "nose", ("wrinkle", "tensed", "slightly tensed", "more tensed")),
    ("AU 34", "cheeks", ("puffed", "puff left", "puff right")),
    ("AU 6", "cheeks", ("tensed", "less tensed", "tensed left", "tensed right")),
    ("AU 21", "neck", ("",)),
    ("AU 10", "mouth", ("raised upper lip",)),
    ("AU 12", "mouth", ("smile mouth open", "lips spread & crnrs up")),
    ("AU 15", "mouth", ("lips spread & crnrs down", "open & corners down")),
    ("AU 18", "mouth", ("lips pursed: oo", "lips pursed: oo-tight")),
    ("AU 19", "mouth", ("tongue out", "tongue on lwr lip", "open & tongue visible")),
    ("AU 20", "mouth", ("lips spread",)),
    ("AU 24", "mouth", ("lips pursed: mm",)),
    ("AU 25", "mouth", ("open", "open & round", "open & tense", "smile mouth open")),
    ("AU 25", "mouth", ("open & corners down", "open & tongue visible")),
    ("AU 32", "mouth", ("bite lower lip",)),
    ("AU 33", "mouth", ("blow", "brr", "puh", "pow")),
    ("AU 51", "head pos: turn", ("left", "slightly left", "further left")),
    ("AU 52", "head pos: turn", ("right", "slightly right", "further right")),
    ("AU 53", "head pos: tilt fr/bk", ("back", "slightly back", "further back")),
    ("AU 54", "head pos: tilt fr/bk", ("front", "slightly front", "further front")),
    ("AU 55", "head pos: tilt side", ("left", "slightly left", "further left")),
    ("AU 56", "head pos: tilt side", ("right", "slightly right", "further right")),
    ("AU 57", "head pos: jut", ("forward", "slightly forward", "further forward")),
    ("AU 58", "head pos: jut", ("back", "slightly back", "further back")),
    ("AU M57", "head mvmt: jut", ("",)),
    ("AU M59", "head mvmt: nod", ("",)),
    ("AU M60", "head mvmt: shake", ("",)),
    ("AU M83", "head mvmt: side to side", ("",)),
    ("AU 61", "eye gaze", ("left", "up/left", "down/left")),
    ("AU 62", "eye gaze", ("right", "up/right", "down/right")),
    ("AU 63", "eye gaze", ("up", "up/left", "up/right")),
    ("AU 64", "eye gaze", ("down", "down/left", "down/right")),
    ("AU 69", "eye gaze", ("to addressee",)),
)
NAMES = {
    "AU 1+2": "brows raised",
    "AU 4": "brows lowered",
    "AU 5": "upper lid raised",
    "AU 6": "cheeks tensed",
    "AU 7": "lids tightened",
    "AU 9": "nose wrinkled or tensed",
    "AU 10": "upper lip raised",
    "AU 12": "lip corners up",
    "AU 15": "lip corners down",
    "AU 18": "lips puckered",
    "AU 19": "tongue out",
    "AU 20": "lips stretched",
    "AU 21": "neck tightened",
    "AU 24": "lips pressed",
    "AU 25": "mouth open",
    "AU 32": "lower lip bitten",
    "AU 33": "cheeks blown",
    "AU 34": "cheeks puffed",
    "AU 43": "eyes closed or lids lowered",
    "AU 45": "blink",
    "AU 51": "head turned left",
    "AU 52": "head turned right",
    "AU 53": "head tilted back",
    "AU 54": "head tilted front",
    "AU 55": "head tilted left",
    "AU 56": "head tilted right",
    "AU 57": "head forward",
    "AU 58": "head back",
    "AU M57": "head jutted",
    "AU M59": "head nodded",
    "AU M60": "head shaken",
    "AU M83": "head moved side to side",
    "AU 61": "gaze left",
    "AU 62": "gaze right",
    "AU 63": "gaze up",
    "AU 64": "gaze down",
    "AU 69": "gaze to addressee",
}
COLUMNS = ("unit", "tier", "value")


def list_units() -> pd.DataFrame:
    """Return the table that gives annotated values their action units.

    Returns
    -------
    pandas.DataFrame
        ``unit``, ``tier`` and ``value`` (an empty one stands for every value of the tier), and
        ``name``, what the unit does. A value may have several units. Edit it and give it to
        `map_units`.

    References
    ----------
    Ekman, P., Friesen, W. V., & Hager, J. C. (2002). *Facial action coding system: The manual*.
    Research Nexus.

    Examples
    --------
    >>> table = list_units()
    >>> table.query("unit == 'AU 4'")["value"].tolist()
    ['lowered', 'slightly lowered', 'further lowered']
    """
    rows = [(unit, tier, value) for unit, tier, values in _UNITS for value in values]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.assign(name=table["unit"].map(NAMES))


def map_units(events: pd.DataFrame, units: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the intervals of action units that annotated values stand for.

    Parameters
    ----------
    events
        EVENTS, as from `read_events`.
    units
        Table as from `list_units`; None: that one.

    Returns
    -------
    pandas.DataFrame
        EVENTS of tier ``"unit"``, without values that have none, and a row of tier
        ``"utterance"`` that spans each utterance. ``attrs["units"]`` says how many intervals each
        row of the table met.

    Raises
    ------
    DataError
        If a table lacks columns, or no value has a unit.

    Warns
    -----
    DataWarning
        For rows of an own table whose tier or value does not occur.

    Examples
    --------
    >>> events = pd.DataFrame({"utterance": ["u"], "tier": ["nose"], "start": [0.0], "end": [1.0]})
    >>> map_units(events.assign(value="wrinkle"))[["tier", "value"]].to_numpy().tolist()
    [['unit', 'AU 9'], ['utterance', None]]
    """
    check_events(events)
    table = list_units() if units is None else units
    require_columns(table, list(COLUMNS), "units")
    table = table[list(COLUMNS)].astype(object).where(table[list(COLUMNS)].notna(), "")
    known = events[events["value"].notna()]
    single = known.merge(table[table["value"].ne("")], on=["tier", "value"])
    whole = known.merge(table.loc[table["value"].eq(""), ["unit", "tier"]], on="tier")
    found = pd.concat([single, whole], ignore_index=True)
    if not len(found):
        fact = "no annotated value has an action unit."
        raise DataError(Problem(fact, "Write a table of units for these tiers and values."))
    if units is not None:
        _tell_idle(table, known)
    met = table.assign(n_intervals=_count_met(table, known))
    found = found.assign(tier=UNIT, value=found["unit"]).drop(columns="unit")
    mapped = pd.concat([found, _span_utterances(events)], ignore_index=True)
    mapped.attrs["units"] = met.to_dict("list")
    return mapped


def _count_met(table: pd.DataFrame, known: pd.DataFrame) -> list[int]:
    """Return how many intervals each row of a table of units meets."""
    values = known.groupby(["tier", "value"]).size().to_dict()
    tiers = known["tier"].value_counts().to_dict()
    rows = zip(table["tier"], table["value"], strict=True)
    return [
        int(values.get((tier, value), 0) if value else tiers.get(tier, 0)) for tier, value in rows
    ]


def _span_utterances(events: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each utterance, from its first start to its last end."""
    given = {"start": ("start", "min"), "end": ("end", "max")}
    if "signer" in events:
        given["signer"] = ("signer", "first")
    spans = events.groupby("utterance", sort=True).agg(**given).reset_index()
    return spans.assign(tier=TEXTS[0], value=None)


def _tell_idle(table: pd.DataFrame, known: pd.DataFrame) -> None:
    pairs = set(zip(known["tier"], known["value"], strict=True)) | {
        (tier, "") for tier in known["tier"].unique()
    }
    idle = [
        f"{tier}={value}" if value else tier
        for tier, value in zip(table["tier"], table["value"], strict=True)
        if (tier, value) not in pairs
    ]
    if idle:
        warn_user(f"The table of units names what does not occur: {name_some(idle)}.")
