"""Allowed words of options, and checks of option values."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, TypeGuard, get_args

from exprstats.errors import OptionError

IccModel = Literal["one-way", "two-way", "nested"]
IccChoice = Literal["auto", IccModel]
IccEstimator = Literal["closed", "reml"]
Weights = Literal["identity", "linear", "quadratic"]
MetricName = Literal[
    "nrmse",
    "rmse",
    "mae",
    "mse",
    "bias",
    "correlation",
    "spearman",
    "ccc",
    "r2",
    "calibration_slope",
    "accuracy",
    "within1",
    "within2",
    "within3",
    "precision",
    "recall",
    "f1",
    "uar",
    "macro_f1",
    "kappa",
    "auc",
    "average_precision",
    "correlation_between",
    "correlation_within",
    "correlation_mean",
]
IntervalName = Literal["auto", "percentile", "expanded", "jackknife", "basic", "bca", "t"]
Compat = Literal["mlboot"]
SchemeName = Literal["clusters", "two-stage"]
NetworkKind = Literal["lstm", "r3d", "r3d-pretrained", "i3d", "gated-gru"]
BaselineKind = Literal["human", "uniform", "normal", "mean", "majority"]
ModelKind = Literal["elastic", "forest", NetworkKind, BaselineKind]
NETWORKS: tuple[NetworkKind, ...] = get_args(NetworkKind)
ScoreMethod = Literal["bartlett", "regression", "mean"]
FactorEstimator = Literal["ml", "mlr"]
MissingRule = Literal["listwise", "fiml"]
Tracker = Literal[
    "openface", "openface3", "py-feat", "libreface", "arkit", "mediapipe", "facet", "affdex"
]
FittedOn = Literal["train", "all"]
SamplingRule = Literal["nearest", "mean"]
PointUnit = Literal["px", "mm"]
HumanUnit = Literal["worker", "seat", "paper"]
Duplicates = Literal["error", "mean", "first"]
Design = Literal["expressiveness", "signing", "evoked", "estimates", "intensity"]
Given = Literal["label", "feature"]
Counted = Literal["frames", "utterances"]
Among = Literal["all", "labelled"]
FoldUnit = Literal["frames", "utterances", "signers"]
Tokens = Literal["words", "spaces"]
Truth = Literal["each", "majority", "any", "all"]
RULES: tuple[Truth, ...] = ("each", "majority", "any", "all")
PARTS = ("train", "validate", "test")
WIDEST = 40  # columns of a table that are looked at one by one
MOST_JUDGES, MOST_WORDS = 10, 11  # judges beside each other, and words of a column of answers
VARIED = ("crop", "brightness")  # of pictures in training
TimeUnit = Literal["s", "ms", "us"]
PER_SECOND: dict[str, float] = {"s": 1.0, "ms": 1e3, "us": 1e6}
ZeroRows = Literal["auto", "missing", "values"]
Ties = Literal["absent", "present", "missing"]
Thresholds = Literal["published", "quantile"]
SentenceUnit = Literal["mean", "frame"]

# What a vote makes of a tie, in print.
TIE_NAMES: dict[str, str] = {"absent": "no label", "present": "a label", "missing": "missing"}

# What kinds of models are called in print.
KIND_NAMES: dict[str, str] = {
    "elastic": "ElasticNet",
    "forest": "Random forest",
    "lstm": "LSTM",
    "r3d": "R3D-18 from scratch",
    "r3d-pretrained": "R3D-18 fine-tuned",
    "i3d": "I3D",
    "gated-gru": "Gated GRU",
    "human": "Human baseline",
    "uniform": "Uniform baseline",
    "normal": "Normal baseline",
    "mean": "Mean baseline",
    "majority": "Majority baseline",
}
# What the baselines of a methods paragraph guess; of raters there is more to say than this.
GUESSES: dict[str, str] = {
    "uniform": "random values uniform over the theoretical range",
    "normal": "random standard normal values",
    "mean": "the mean of the training clips",
    "majority": "the most frequent class of the training clips",
}
MOST_NAMED = 25


def name_some(names: Sequence[Any]) -> str:
    """Return the first five names in quotes, and how many more there are.

    Examples
    --------
    >>> name_some(["S1", "S2"]), name_some(range(7))
    ("'S1', 'S2'", "'0', '1', '2', '3', '4' and 2 more")
    """
    shown = ", ".join(f"'{name}'" for name in names[:5])
    return f"{shown} and {len(names) - 5:,} more" if len(names) > 5 else shown


def name_nearest(word: str, allowed: Iterable[str]) -> str:
    """Return a sentence that names the allowed words, the nearest first if some are near."""
    words = [str(other) for other in allowed]
    lower = {other.lower(): other for other in reversed(words)}
    near = get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    near += [other for other in reversed(lower) if len(word) > 2 and word.lower() in other]
    named = [f"'{lower[other]}'" for other in dict.fromkeys(near)][:3]
    hint = f"Did you mean {' or '.join(named)}? " if named else ""
    more = f" and {len(words) - MOST_NAMED} more" if len(words) > MOST_NAMED else ""
    return f"{hint}There is: {', '.join(words[:MOST_NAMED])}{more}."


def check_word(value: str, allowed: Any, option: str) -> None:
    """Refuse a value that is not one of a Literal's words."""
    words = get_args(allowed)
    if not isinstance(value, str) or value not in words:
        shown = f"'{value}'" if isinstance(value, str) else tell_kind(value)
        message = f"{option} {shown} is not known. {name_nearest(str(value), words)}"
        raise OptionError(message, option=option)


def tell_kind(thing: object) -> str:
    """Return what was given in place of something else: numbers as they are, else its type.

    Examples
    --------
    >>> tell_kind(None), tell_kind(3), tell_kind([1, 2]), tell_kind(OptionError)
    ('None', '3', 'a list', 'a type')
    """
    if thing is None or isinstance(thing, Real):
        return f"{thing:g}" if isinstance(thing, float) else str(thing)
    held = type(thing).__name__
    return f"an {held}" if held[0] in "AEIOUaeiou" else f"a {held}"


def check_columns(*names: object) -> None:
    """Refuse what names no column, such as a list or a table; None is let through."""
    for name in names:
        if not (name is None or isinstance(name, str | Real | tuple)):
            message = f"a column is named by one text, such as 'subject'; got {tell_kind(name)}."
            raise OptionError(message)


def take_columns(names: Any, option: str, many: str = "") -> list[Any]:
    """Return names of columns from a list of them, or of as many as a word says."""
    listed = isinstance(names, Iterable) and not isinstance(names, str) and not hasattr(names, "at")
    given = [*names] if listed else []
    if not given:
        shown = f"the text '{names}'" if isinstance(names, str) else tell_kind(names)
        message = f"{option} must be a list of {many}column names; got {shown}."
        raise OptionError(message, option=option)
    check_columns(*given)
    return given


def is_word(value: object, allowed: Any) -> TypeGuard[Any]:
    """Return whether a value is one of a Literal's words."""
    return value in get_args(allowed)


def check_share(share: float, option: str) -> None:
    """Refuse a share that is not between 0 and 1."""
    if not isinstance(share, Real) or not 0 <= share <= 1:
        message = f"{option} is {tell_kind(share)}; it is a share between 0 and 1."
        raise OptionError(message, option=option)


def check_level(level: float, option: str = "level") -> None:
    """Refuse a confidence level that is no number between 0 and 1."""
    if not isinstance(level, Real) or not 0 < level < 1:
        message = f"{option} is {tell_kind(level)}; it must lie between 0 and 1, such as 0.95."
        raise OptionError(message, option=option)


MOST_DRAWS = 1_000_000


def check_count(count: object, option: str, least: int = 1, most: int | None = None) -> None:
    """Refuse a number of draws, raters or the like that is no whole number or too small."""
    if isinstance(count, bool) or not isinstance(count, Integral) or count < least:
        message = f"{option} is {count!r}; it must be a whole number of at least {least}."
        raise OptionError(message, option=option)
    if most is not None and int(count) > most:
        message = f"{option} is {count:,}; at most {most:,} can be held."
        raise OptionError(message, option=option)


def is_positive(value: object) -> bool:
    """Return whether a value is a finite number above 0."""
    return isinstance(value, Real) and 0 < float(value) < float("inf")


def take_path(path: Any) -> Path:
    """Return a path, or raise `OptionError` if something else is given in its place."""
    if not isinstance(path, str | os.PathLike):
        message = f"a file or folder is named by a text or a Path; got {tell_kind(path)}."
        raise OptionError(message)
    return Path(path)


def list_paths(paths: Any) -> list[Path]:
    """Return the paths that one name or several give; `OptionError` as from `take_path`."""
    several = isinstance(paths, Iterable) and not isinstance(paths, str | os.PathLike)
    return [take_path(one) for one in (paths if several else [paths])]


def list_inside(path: Path, endings: tuple[str, ...] = ()) -> list[Path]:
    """Return a file, or those of a folder by name; `OptionError` where the folder holds none."""
    if not path.is_dir():
        return [path]
    files = sorted(one for one in path.iterdir() if one.is_file() and one.name[0] != ".")
    found = [one for one in files if not endings or one.suffix.lower() in endings]
    if not found:
        ends = f" that ends in {', '.join(endings)}" if endings else ""
        message = f"{path} holds no file{ends}. Name the files."
        raise OptionError(message)
    return found
