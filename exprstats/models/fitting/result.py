"""The Models result: one kind of model fitted per context and pooled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import pandas as pd

from exprstats.apa import write_count, write_number
from exprstats.errors import DataError, Problem
from exprstats.models.data.design import Design, Sample, find_copies
from exprstats.models.fitting.folds import Rounds
from exprstats.models.fitting.penalties import PenaltyGrid
from exprstats.options import KIND_NAMES, name_some
from exprstats.results import Result


class Fitted(Protocol):
    """One fitted model: what it was fitted to, and its predictions."""

    @property
    def sample(self) -> Sample:
        """The clips it was fitted to."""
        ...

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Return predictions (m,) of clips with features (m, p) in their own units."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What a file tells of models whose clips it does not hold.

    Attributes
    ----------
    summary
        The row of ``glance``.
    tuned
        Where the penalty was chosen, in words.
    versions
        Packages that fitted the models.
    sha256
        Of the file's content, by which it was checked.
    """

    summary: dict[str, Any]
    tuned: str
    versions: dict[str, str]
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Models(Result):
    """One kind of model, tuned and fitted per context and pooled, with all its predictions.

    Attributes
    ----------
    name
        What the predictions call it.
    kind
        ``"elastic"`` or ``"forest"``.
    table
        Tidy rows: context, model, part, term, feature, estimate, n_clips, n_clusters, note.
    predictions
        PREDICTIONS of all clips in all parts, from their context's model (``fitted_on`` =
        ``"context"``) and from the pooled one (``"all"``).
    grid
        One row a combination of settings that was tried, with its errors.
    design
        Features, targets and split, from which weights are refitted.
    fits
        The fitted model of each context, then the pooled one.
    penalties
        The penalties that were tried; None for models without.
    refit
        Whether the chosen model was fitted again to training and validation subjects together.
    rounds
        Which training subjects were held out when; None where validation subjects tuned.
    record
        Of models that `load_models` read, which have no clips, predictions or grid; else None.
    """

    place: ClassVar[str] = "models"
    name: str
    kind: str
    table: pd.DataFrame
    predictions: pd.DataFrame
    grid: pd.DataFrame
    design: Design
    fits: tuple[Fitted, ...]
    penalties: PenaltyGrid | None = None
    refit: bool = False
    rounds: Rounds | None = None
    record: Record | None = None

    @property
    def key(self) -> str:
        """The name of the model."""
        return self.name

    def glance(self) -> pd.DataFrame:
        """Return one row for the whole."""
        if self.record is not None:
            return pd.DataFrame([self.record.summary])
        clips = self.design.clips
        per_part = clips.groupby("part")["subject"].nunique()
        row = {
            "model": self.name,
            "kind": self.kind,
            "target": self.design.target,
            "n_contexts": sum(sample.context is not None for sample in self.design.samples),
            "n_features": len(self.design.features),
            "n_clips": len(clips),
            "n_clusters": clips["subject"].nunique(),
            **{f"n_{part}": int(per_part.get(part, 0)) for part in ("train", "validate", "test")},
        }
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return what was fitted and how well it predicts unseen people, in APA style."""
        row = self.glance().iloc[0]
        opening = (
            f"{KIND_NAMES[self.kind]} models of {row['target']} on {row['n_features']} features "
            f"were fitted to {row['n_train']} subjects, tuned {self.describe_tuning()} and tested "
            f"on {row['n_test']} others ({write_count(row['n_clips'])} clips)."
        )
        return " ".join([opening, *self._tell_fits()])

    def describe_tuning(self) -> str:
        """Return where settings were chosen, in words."""
        if self.record is not None:
            return self.record.tuned
        if self.rounds is not None:
            return f"in {self.rounds.describe()}"
        return f"on {self.glance()['n_validate'].item()}"

    def require_clips(self) -> Design:
        """Return the design, or raise `DataError` where a file left out its clips."""
        if self.record is not None:
            fact = f"the models '{self.name}' come from a file, which holds no clips."
            remedy = "Fit them again; predict_clips and tidy() work without."
            raise DataError(Problem(fact, remedy))
        return self.design

    def _tell_fits(self) -> list[str]:
        part = "test" if (self.table["part"] == "test").any() else "validate"
        told = []
        for sample in self.design.samples:
            here = self.table[self.table["context"].isna()]
            if sample.context is not None:
                here = self.table[self.table["context"] == sample.context]
            value = here[here["part"] == part].set_index("term")["estimate"]
            label = "All clips" if sample.context is None else str(sample.context)
            silent = _tell_nothing(self, sample, part)
            told.append(f"{label}: {part} {_tell_scores(value)}{_tell_penalty(here)}{silent}.")
        copies = find_copies(self.design) if self.record is None else []
        if copies:
            told.append(
                f"The target is among the features ({name_some(copies)}): these scores do not "
                "show how well behavior predicts it."
            )
        return told


def _tell_nothing(models: Models, sample: Sample, part: str) -> str:
    """Return what is said of a model that predicts the same for all clips of a part."""
    rows = models.predictions
    if models.record is not None or models.penalties is not None:
        return ""
    here = rows["part"].eq(part) & rows["fitted_on"].eq(sample.fitted_on)
    if sample.context is not None:
        here &= rows["context"].eq(sample.context)
    found = rows.loc[here, "prediction_class" if "prediction_class" in rows else "prediction"]
    if not len(found) or (found != found.iloc[0]).any():
        return ""
    if not models.design.classes:
        return "; the model learned nothing: all clips get the same prediction"
    label = f"{found.iloc[0]:g}" if isinstance(found.iloc[0], float) else str(found.iloc[0])
    return f"; the model learned nothing: it takes every clip for '{label}'"


def _tell_scores(value: pd.Series) -> str:
    if "accuracy" in value:
        accuracy, uar = (write_number(value[name], bounded=True) for name in ("accuracy", "uar"))
        return f"accuracy = {accuracy}, UAR = {uar}"
    return f"RMSE = {write_number(value['rmse'])}, {tell_correlation(value['correlation'])}"


def tell_correlation(value: float) -> str:
    """Return r in APA style, or that there is none."""
    return "r not defined" if np.isnan(value) else f"r = {write_number(value, bounded=True)}"


def _tell_penalty(here: pd.DataFrame) -> str:
    chosen = here.set_index("term")["estimate"]
    if "alpha" not in chosen:
        return ""
    text = f" (alpha = {chosen['alpha']:g}, L1 ratio = {chosen['l1_ratio']:g})"
    if (here.loc[here["term"] == "weight", "estimate"] == 0).all():
        text += "; the model learned nothing: every weight is zero, the mean is predicted for all"
    return text
