"""Files of fitted models: weights, means and SDs as JSON."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exprstats.contracts import arrange_rows, check_kind
from exprstats.errors import DataError, OptionError, Problem
from exprstats.io import encode_json, write_json
from exprstats.io.outputs import read_stored
from exprstats.models.data.design import Design, Sample
from exprstats.models.fitting.elastic import Tuned
from exprstats.models.fitting.outcomes import KEYS
from exprstats.models.fitting.penalties import FitMoments, PenaltyGrid
from exprstats.models.fitting.result import Models, Record
from exprstats.options import take_path

FORMAT = "exprstats models"
VERSION = 1
_WRITERS = "save_models or exprstats fit --save"


def save_models(models: Models, path: str | Path) -> None:
    """Write fitted elastic nets to a JSON file, to predict clips elsewhere or later.

    Parameters
    ----------
    models
        From `fit_elastic`. Weights, intercepts, means and SDs of the features, penalties,
        contexts, the tidy table, versions of the packages and a SHA-256 of all this are written
        with full precision. No row of the data is.
    path
        The file; an existing one is replaced.

    Raises
    ------
    OptionError
        The models are forests, which have no such form, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from exprstats.models import fit_elastic, split_subjects
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame({"clip": range(200), "subject": np.repeat(range(20), 10)})
    >>> clips["motion"] = rng.normal(size=200)
    >>> clips["score"] = 2 * clips["motion"] + 0.001 * rng.normal(size=200)
    >>> data = {"target": "score", "features": ["motion"], "parts": split_subjects(clips, seed=1)}
    >>> models = fit_elastic(clips, **data)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_models(models, f"{folder}/models.json")
    ...     again = load_models(f"{folder}/models.json")
    >>> again.sentence() == models.sentence()
    True
    """
    check_kind(models, Models, "models", "fit_elastic or fit_forest")
    if models.penalties is None:
        message = (
            f"{models.kind} models are not stored: a file of trees would be a pickle, which runs "
            "code when it is opened and is read by one version of scikit-learn only. Keep the "
            "clips, the split and the seed: fit_forest grows the same trees from them again."
        )
        raise OptionError(message)
    payload = {
        "format": FORMAT,
        "version": VERSION,
        "name": models.name,
        "kind": models.kind,
        "target": models.design.target,
        "pooled_target": models.design.pooled_target,
        "features": list(models.design.features),
        "references": dict(models.design.references),
        "alphas": list(models.penalties.alphas),
        "l1_ratios": list(models.penalties.l1_ratios),
        "refit": models.refit,
        "fits": [_list_fit(fit) for fit in models.fits if isinstance(fit, Tuned)],
        "table": models.table,
        "summary": models.glance().iloc[0].to_dict(),
        "tuned": models.describe_tuning(),
        "versions": _list_versions() if models.record is None else models.record.versions,
    }
    write_json({**payload, "sha256": _hash(json.loads(encode_json(payload)))}, path)


def load_models(path: str | Path) -> Models:
    """Read fitted models back; `predict_clips` takes them like fresh ones.

    Parameters
    ----------
    path
        A file that `save_models` wrote.

    Returns
    -------
    Models
        With the same table and words, and without clips, predictions and grid, so that weights
        cannot be resampled nor features permuted; ``record`` holds what the file says beside.

    Raises
    ------
    DataError
        There is no such file, it holds something else, or its content was changed.

    Examples
    --------
    See `save_models`.
    """
    payload = _read_payload(take_path(path))
    try:
        features = tuple(payload["features"])
        fits = tuple(_read_fit(one, len(features)) for one in payload["fits"])
        contexts = any(fit.sample.context is not None for fit in fits)
        ids = ["clip", "subject", *(["context"] if contexts else []), "part"]
        design = Design(
            clips=pd.DataFrame({name: pd.Series(dtype=object) for name in ids}),
            features=features,
            matrix=np.empty((0, len(features))),
            target=payload["target"],
            samples=tuple(fit.sample for fit in fits),
            people=np.empty(0, dtype=int),
            places=np.empty(0, dtype=int),
            pooled_target=payload["pooled_target"],
            # Files of earlier versions do not say.
            references=dict(payload.get("references", {})),
        )
        table = arrange_rows(payload["table"], KEYS).astype({"estimate": float})
        said = {name: payload[name] for name in ("summary", "tuned", "versions", "sha256")}
        return Models(
            name=payload["name"],
            kind=payload["kind"],
            table=table,
            predictions=pd.DataFrame({name: [] for name in [*ids, "model", "prediction"]}),
            grid=pd.DataFrame(),
            design=design,
            fits=fits,
            penalties=PenaltyGrid(tuple(payload["alphas"]), tuple(payload["l1_ratios"])),
            refit=payload["refit"],
            record=Record(**said),
        )
    except (KeyError, TypeError, ValueError) as error:
        fact = f"the stored models are damaged ({error})."
        remedy = f"Give a file that {_WRITERS} wrote."
        raise DataError(Problem(fact, remedy, file=str(path))) from error


def _list_fit(fit: Tuned) -> dict[str, Any]:
    return {
        "context": fit.sample.context,
        "alpha": fit.alpha,
        "l1_ratio": fit.l1_ratio,
        "intercept": fit.moments.mean,
        "weights": fit.weights,
        "means": fit.moments.centre,
        "sds": fit.moments.scale,
        "constant": fit.moments.constant,
    }


def _read_fit(stored: Mapping[str, Any], p: int) -> Tuned:
    weights, centre, scale = (
        np.array(stored[name], dtype=float).reshape(p) for name in ("weights", "means", "sds")
    )
    constant = np.array(stored["constant"], dtype=bool).reshape(p)
    sample = Sample(stored["context"], np.empty(0, dtype=int), np.empty(0))
    # Products of the training clips serve refits, which need their subjects too.
    none = np.full(p, np.nan)
    mean = float(stored["intercept"])
    moments = FitMoments(centre, scale, constant, np.outer(none, none), none, mean, np.nan)
    point = float(stored["alpha"]), float(stored["l1_ratio"])
    return Tuned(sample, moments, weights, *point, grid=pd.DataFrame(), stopped=0)


def _read_payload(path: Path) -> dict[str, Any]:
    payload = read_stored(path, format=FORMAT, version=VERSION, holds="models", writers=_WRITERS)
    content = {name: value for name, value in payload.items() if name != "sha256"}
    if payload.get("sha256") != _hash(content):
        fact = "its content is not what was saved (SHA-256 differs)."
        raise DataError(Problem(fact, "Take the file as it was written.", file=str(path)))
    return payload


def _hash(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _list_versions() -> dict[str, str]:
    import sklearn

    from exprstats import __version__

    found = {"exprstats": __version__, "python": platform.python_version()}
    found |= {one.__name__: one.__version__ for one in (np, pd)}
    return {**found, "scikit-learn": sklearn.__version__}
