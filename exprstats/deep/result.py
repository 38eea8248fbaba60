"""Networks of a study: what was tuned, trained and predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_count, write_number
from exprstats.options import KIND_NAMES, PARTS
from exprstats.results import Result

if TYPE_CHECKING:
    from exprstats.deep.estimators import DeepClassifier, DeepRegressor


@dataclass(frozen=True, slots=True, eq=False)
class DeepModels(Result):
    """One kind of network, tuned and trained per context and pooled, with all its predictions.

    Attributes
    ----------
    name, kind
        What the predictions call it, and the network.
    target
        The column that was predicted, or several.
    table
        Tidy rows: context, model, part, term, estimate, n_clips, n_clusters, note. Terms are
        ``rmse`` and ``correlation`` of each part (``accuracy`` and ``uar`` of classes, ``map`` of
        several labels), and ``epochs`` (the best), ``parameters`` and ``seconds`` of training.
        With several targets also ``target``, of which None stands for their mean.
    predictions
        PREDICTIONS of all clips in all parts, from their context's network (``fitted_on`` =
        ``"context"``) and from the pooled one (``"all"``); of several targets each is a ``seat``.
    grid
        One row for each combination of settings, with its loss on the validation people.
    history
        One row an epoch of the chosen networks, with the number of the run.
    repeated
        PREDICTIONS of the test part with a column ``run``, one for each training run; empty where
        networks were trained once.
    fits
        The chosen estimator of each context, then the pooled one.
    """

    place: ClassVar[str] = "networks"
    name: str
    kind: str
    target: str
    table: pd.DataFrame
    predictions: pd.DataFrame
    grid: pd.DataFrame
    history: pd.DataFrame
    repeated: pd.DataFrame
    fits: tuple[DeepRegressor | DeepClassifier, ...]

    @property
    def key(self) -> str:
        """The name of the model."""
        return self.name

    def export(self) -> dict[str, Any]:
        """Return the rows without the time that training took, which differs from run to run."""
        return {self.place: self.table[self.table["term"] != "seconds"].reset_index(drop=True)}

    def glance(self) -> pd.DataFrame:
        """Return one row for the whole."""
        pooled = self.predictions[self.predictions["fitted_on"] == "all"]
        per_part = pooled.groupby("part")["subject"].nunique()
        row = {
            "model": self.name,
            "kind": self.kind,
            "target": self.target,
            "n_contexts": len(self.fits) - 1,
            "n_clips": len(pooled) // max(pooled.get("seat", pd.Series()).nunique(), 1),
            "n_clusters": pooled["subject"].nunique(),
            **{f"n_{part}": int(per_part.get(part, 0)) for part in PARTS},
            "n_parameters": self.fits[-1].n_parameters_,
            "device": self.fits[-1].device_,
        }
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return what was trained and how well it predicts unseen people, in APA style."""
        row = self.glance().iloc[0]
        part = "test" if row["n_test"] else "validate"
        pooled = self.predictions[self.predictions["fitted_on"] == "all"]
        seats = max(pooled.get("seat", pd.Series()).nunique(), 1)
        clips = count_things(int((pooled["part"] == part).sum()) // seats, "clip")
        name, parameters = KIND_NAMES[self.kind], write_count(row["n_parameters"])
        start = f"{name} ({parameters} parameters) was trained to predict {row['target']}"
        if row["n_contexts"]:
            start = f"{name} networks ({parameters} parameters each) were trained to predict "
            start += f"{row['target']}, one for each context and one for all clips,"
        stopped = count_things(row["n_validate"], "other")
        tested = f", and tested on {count_things(row['n_test'], 'further one')}"
        told = [
            f"{start} on {count_things(row['n_train'], 'subject')}, tuned and stopped on {stopped}"
            f"{tested if row['n_test'] else ''} ({clips})."
        ]
        contexts = self.table["context"].astype(object)
        for context in dict.fromkeys(contexts.where(contexts.notna(), None)):
            own = contexts.isna() if context is None else contexts == context
            here = self.table[own & (self.table["part"] == part)]
            here = here[here["target"].isna()] if "target" in here else here
            value = here.set_index("term")["estimate"]
            label = "All clips" if context is None else str(context)
            told.append(f"{label}: {part} {_write_scores(value)}.")
        return " ".join(told)


def _write_scores(value: pd.Series) -> str:
    if "accuracy" in value:
        accuracy, uar = (write_number(value[name], bounded=True) for name in ("accuracy", "uar"))
        return f"accuracy = {accuracy}, UAR = {uar}"
    if "map" in value:
        return f"MAP = {write_number(value['map'], bounded=True)}"
    r = value["correlation"]
    told = "r not defined" if np.isnan(r) else f"r = {write_number(r, bounded=True)}"
    return f"RMSE = {write_number(value['rmse'])}, {told}"
