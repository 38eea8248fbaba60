"""Modalities of one clip put together: scores and sentences of each, fused early and late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.contracts import require_columns
from exprstats.document.text import join_words
from exprstats.errors import DataError, Option, Problem, warn_user
from exprstats.expressions.sentences import write_sentences
from exprstats.expressions.transfer.classification import Features
from exprstats.options import SentenceUnit, name_some

TEXT = "sentence"


@dataclass(frozen=True, slots=True, eq=False)
class Fusion:
    """What classifiers may learn of each clip; `fuse_modalities` makes it.

    Attributes
    ----------
    features
        Name to numbers, texts or blocks of them, as `classify_expressions` takes them.
    clips
        One row per clip in the order of the features: ``recording``, ``subject``, ``label``.
    texts
        Column ``sentence``: each different text of the features once, to be embedded elsewhere.
    """

    features: dict[str, Features]
    clips: pd.DataFrame
    texts: pd.DataFrame


def fuse_modalities(estimates: pd.DataFrame, **options: Any) -> Fusion:
    """Put the scores and the sentences of each clip together, within and over modalities.

    Parameters
    ----------
    estimates
        ESTIMATES with ``recording`` (the clip), ``subject`` and ``label``; clips that lack a
        modality are left out.
    **options
        ``thresholds``, ``adjectives`` and ``most``, as `write_sentences` takes them.

    Returns
    -------
    Fusion
        For each modality the mean scores, the sentence of the mean and, where a clip has several
        moments, the sentences of all frames one after the other. Over modalities the scores side
        by side; *early fusion*, the features of each modality's text side by side; and *late
        fusion*, the features of the texts one after the other. Brooks et al. (2023) use these two
        words in this sense.

    Raises
    ------
    DataError
        If a column is missing, or no clip has all modalities.

    Warns
    -----
    DataWarning
        How many clips lack a modality.

    Notes
    -----
    Quantile thresholds come from the scores of all clips, those of later test speakers too, though
    not from their labels.

    References
    ----------
    Brooks, J. A., et al. (2023). Emotion expression estimates to measure and improve multimodal
    social-affective interactions. *ICMI '23 Companion*. https://doi.org/10.1145/3610661.3616129

    Examples
    --------
    >>> keys = {"recording": ["a", "b"] * 2, "subject": "s", "label": ["joy", "fear"] * 2}
    >>> table = pd.DataFrame(keys | {"id": "1", "time": 0.0, "emotion": "Joy"})
    >>> table = table.assign(modality=["face"] * 2 + ["prosody"] * 2, score=[0.9, 0.3, 0.5, 0.1])
    >>> found = fuse_modalities(table).features
    >>> found["face + prosody: late fusion"]
    ['They look extremely joyful. They sound moderately joyful.', 'They look slightly joyful. \
They sound neutral.']
    """
    keys = ["recording", "subject", "label"]
    require_columns(estimates, [], "estimates")
    absent = [name for name in keys if name not in estimates]
    if absent:
        fact = f"the estimates have no column '{absent[0]}', which classification needs."
        remedy = ("Name the column, or give a table of recordings with ", Option("about"), ".")
        raise DataError(Problem(fact, remedy))
    known = estimates[estimates[keys].notna().all(axis=1)]
    modalities = [str(one) for one in known["modality"].unique()]
    wide = known.pivot_table("score", keys, ["modality", "emotion"], sort=True, observed=True)
    whole = wide.notna().all(axis=1)
    if not whole.any():
        fact = f"no clip has all scores of {join_words(modalities)}."
        raise DataError(Problem(fact, ("Keep fewer emotions with ", Option("emotions"), ".")))
    if not whole.all():
        lost = int((~whole).sum())
        text = f"Clips without all scores of a modality are not classified: {lost} of {len(wide)}."
        warn_user(text)
    wide = wide[whole]
    features: dict[str, Features] = {}
    told: dict[str, list[str]] = {}
    for name in modalities:
        mine = known[known["modality"].eq(name)]
        features[f"{name}: scores"] = wide[name].to_numpy(float)
        told[name] = _tell(mine, wide.index, "mean", options)
        features[f"{name}: sentence of mean"] = told[name]
        frames = _tell(mine, wide.index, "frame", options)
        if frames != told[name]:
            told[name] = features[f"{name}: sentences of frames"] = frames
    if len(modalities) > 1:
        every = " + ".join(modalities)
        joined = [" ".join(texts) for texts in zip(*told.values(), strict=True)]
        features[f"{every}: scores"] = wide.to_numpy(float)
        features[f"{every}: early fusion"] = tuple(told.values())
        features[f"{every}: late fusion"] = joined
    texts = [one for values in features.values() for one in _list_texts(values)]
    unique = pd.DataFrame({TEXT: list(dict.fromkeys(texts))})
    return Fusion(features, wide.index.to_frame(index=False), unique)


def _list_texts(values: Any) -> list[str]:
    if isinstance(values, np.ndarray):
        return []
    return [one for part in values for one in part] if isinstance(values, tuple) else list(values)


def _tell(
    part: pd.DataFrame, clips: pd.Index, unit: SentenceUnit, options: dict[str, Any]
) -> list[str]:
    """Return the text of each clip: its sentences in the order of time, then of faces."""
    told = write_sentences(part, unit=unit, **options).sentences
    told = told.sort_values(["time", "id"], kind="stable")
    texts = told.groupby(list(clips.names), sort=False)["sentence"].agg(" ".join)
    return [str(one) for one in texts.reindex(clips).fillna("")]


def read_vectors(path: str | Path) -> Callable[[list[str]], np.ndarray]:
    r"""Read embeddings of texts: a table with the column ``sentence`` and one column per dimension.

    Parameters
    ----------
    path
        A table of any format that `read_table` takes, one row a text, such as the table of texts
        that ``exprstats estimates --out`` writes, with vectors beside them.

    Returns
    -------
    callable
        Takes n texts and returns their vectors (n, dimensions), as ``embed`` of
        `classify_expressions`.

    Raises
    ------
    DataError
        If there is no such column, a number is missing, or a text has two vectors; later, if a
        text has none.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "vectors.csv"
    >>> _ = place.write_text("sentence,a,b\nThey look sad.,.1,.2\n")
    >>> read_vectors(place)(["They look sad."])
    array([[0.1, 0.2]])
    """
    from exprstats.io import read_table

    table = read_table(path, ids=[TEXT])
    numbers = table.drop(columns=TEXT).select_dtypes(include="number")
    fact = ""
    if numbers.shape[1] < table.shape[1] - 1 or not numbers.shape[1]:
        fact = f"columns beside '{TEXT}' must hold numbers, one column per dimension."
    elif numbers.isna().any(axis=None):
        lost = int(numbers.isna().any(axis=1).sum())
        fact = f"{count_things(lost, 'vector lacks', 'vectors lack')} a number."
    elif table[TEXT].duplicated().any():
        fact = f"{name_some(table[TEXT][table[TEXT].duplicated()].tolist()[:1])} has two vectors."
    if fact:
        remedy = "Give each text one vector of numbers."
        raise DataError(Problem(fact, remedy, file=str(path)))
    places = {_trim(text): place for place, text in enumerate(table[TEXT])}
    vectors = numbers.to_numpy(float)

    def embed(texts: list[str]) -> np.ndarray:
        lost = [text for text in dict.fromkeys(texts) if _trim(text) not in places]
        if lost:
            fact = f"{count_things(len(lost), 'text')} without a vector, the first: '{lost[0]}'"
            remedy = "Embed the table of texts that was written with these options."
            raise DataError(Problem(fact, remedy, file=str(path)))
        return vectors[[places[_trim(text)] for text in texts]]

    return embed


def _trim(text: Any) -> str:
    """Return a text as tables keep it, without blanks that spreadsheets change."""
    return " ".join(str(text).split())
