"""Deep comparators of a study: networks per context and pooled, in the table of predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.contracts import CLIPS, arrange_rows, check_table, find_absent, order_levels
from exprstats.deep.evoked.targets import Targets, open_targets
from exprstats.deep.files import clear_places, number_places
from exprstats.deep.intensity.windows import keep_trained, read_marks
from exprstats.deep.recipes import NetName, require_torch
from exprstats.deep.result import DeepModels
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.io.guards.tables import guard_table
from exprstats.options import PARTS, NetworkKind, check_count, check_word, name_some
from exprstats.parallel import Seed, spawn_seeds

if TYPE_CHECKING:
    from exprstats.deep.sequences import Loader

Shelf = Iterator[Path | None]
_KEYS = ("context", "model", "part", "term", "target")
_TRAINED = ("lr", "batch", "epochs", "patience", "weight_decay", "rescale")
_LOSSES = ("loss_train", "loss_validate")


def fit_deep(
    clips: pd.DataFrame,
    *,
    target: str | Sequence[str],
    parts: pd.DataFrame,
    load: Loader,
    kind: NetworkKind = "lstm",
    by: str | None = None,
    classes: Sequence[int] | None = None,
    grid: Sequence[Mapping[str, Any]] = ({},),
    weights: str | Path | None = None,
    augment: Mapping[str, float] | None = None,
    training_only: str | None = None,
    pooled_target: str | None = None,
    name: str | None = None,
    runs: int = 1,
    checkpoints: str | Path | None = None,
    device: str = "auto",
    seed: Seed = None,
) -> DeepModels:
    """Train a network per context and for all clips, tuned and stopped on the validation people.

    Test people take no part before the last line, in which they are predicted. Clips are sorted by
    their ids before they are trained on, so that the order of rows does not matter.

    Parameters
    ----------
    clips
        CLIPS: clip, subject, context where ``by`` is given, the target, and what ``load`` needs.
    target
        Column with a number for each clip; or several columns, which one network predicts together:
        labels where all are 0 and 1, else numbers.
    parts
        PARTS: subject, part, as `split_subjects` draws them.
    load
        Returns the array of a row: (frames, features) for ``"lstm"`` and ``"gated-gru"``,
        (3, frames, height, width) for the others; see `read_sequences`.
    kind
        ``"lstm"``, ``"r3d"`` (from scratch), ``"r3d-pretrained"`` and ``"i3d"`` (from ``weights``
        where they are given), or ``"gated-gru"``.
    by
        ``"context"`` for networks of each context beside the pooled one.
    classes
        All classes, as whole numbers, where the target is one of classes.
    grid
        Settings to try: each a mapping of ``lr``, ``batch``, ``epochs``, ``patience``,
        ``weight_decay``, ``rescale`` and of settings of the network, such as
        ``{"lr": 0.005, "hidden": 64}``. The lowest loss on the validation people wins; of equal
        ones the first.
    weights
        A local file of weights to start from.
    augment
        Random crops and brightness of pictures in training, as in `DeepClassifier`.
    training_only
        Column that is True for clips which only training people may have, such as ``"added"``
        windows that make labels more even; those of others are left out. Predictions say which
        they are (``added``), since no baseline should know of them.
    pooled_target
        The pooled network's target; by default ``{target}_pooled`` where it stands.
    name
        What the predictions call the model; by default its kind.
    runs
        How often the chosen network is trained, each time from other random numbers. The first run
        is the one that counts; the others show how much training alone changes, for
        `split_variance`.
    checkpoints
        A folder that holds a file of each training after every epoch, so that a call that is
        stopped goes on where it was; the files are removed at the end.
    device
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    seed
        All settings of a context share its random numbers; a context's depend on its place among
        the names in order.

    Returns
    -------
    DeepModels
        Its ``predictions`` go into `stack_predictions` beside those of other models.

    Raises
    ------
    DataError
        Columns or parts are absent, targets are missing, or a context has no clips in a part.
    OptionError
        A setting is not known, or pretrained weights are not given.
    FitError
        Training diverged.
    MissingDependency
        torch is not installed.

    References
    ----------
    Lin, V., Girard, J. M., & Morency, L.-P. (2020). Context-dependent models for predicting and
    characterizing facial expressiveness.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame({"clip": range(60), "subject": np.repeat(range(20), 3)})
    >>> clips["score"] = rng.normal(size=60)
    >>> frames = rng.normal(size=(60, 8, 2))
    >>> parts = pd.DataFrame({"subject": range(20)})
    >>> parts["part"] = ["train"] * 12 + ["validate"] * 4 + ["test"] * 4
    >>> grid = [{"epochs": 2, "hidden": 4}]
    >>> data = {"target": "score", "parts": parts, "load": lambda row: frames[row["clip"]]}
    >>> models = fit_deep(clips, grid=grid, device="cpu", seed=1, **data)
    >>> models.predictions["part"].value_counts().to_dict()
    {'train': 36, 'validate': 12, 'test': 12}
    """
    check_word(kind, NetworkKind, "kind")
    check_count(runs, "runs")
    if kind in {"r3d", "r3d-pretrained"} and (weights is None) is (kind != "r3d"):
        message = "'r3d-pretrained' starts from a local file, which you name with "
        raise OptionError(message, Option("weights"), ", and 'r3d' from scratch.")
    if by not in {None, "context"}:
        message = f"by is {by!r}; networks are trained by 'context' or for all clips (None)."
        raise OptionError(message, option="by")
    if training_only is not None:
        clips = keep_trained(clips, parts, training_only).reset_index(drop=True)
    added = None if training_only is None else read_marks(clips, training_only)
    targets = open_targets(clips, target, pooled_target=pooled_target, classes=classes, by=by)
    labels = _check(clips, parts, [target] if isinstance(target, str) else list(target))
    contexts = order_levels(clips["context"]) if by else []
    seeds = spawn_seeds(seed, len(contexts) + 1)
    places = {context: place for place, context in enumerate(sorted(contexts, key=str), start=1)}
    options = {"net": kind.removesuffix("-pretrained"), "weights": weights, "load": load}
    options |= {"device": device, "augment": None if augment is None else dict(augment)}
    order = _sort_clips(clips)
    options["shelf"] = shelf = number_places(checkpoints)
    rows, kept, guesses, grids, histories, repeated = [], [], [], [], [], []
    for context in [*contexts, None]:
        mask = np.ones(len(clips), bool) if context is None else (clips["context"] == context)
        positions = order[np.asarray(mask, bool)[order]]
        sample = clips.iloc[positions]
        truth = targets.read(sample, pooled=context is None)
        # The pooled network comes first, so that it does not depend on whether contexts have any.
        states = [int(one % 2**31) for one in seeds[places.get(context, 0)].generate_state(runs)]
        options["random_state"] = states[0]
        own = labels[positions]
        _check_parts(own, context, truth, targets)
        model, tried = _tune(sample, truth, own, targets=targets, grid=grid, **options)
        guess = targets.guess(model, sample)
        key = {"context": context, "model": name or kind}
        rows += _score(sample, (truth, guess), own, targets=targets, model=model, key=key)
        kept.append(model)
        ids = _list(sample, own, key=key, added=None if added is None else added[positions])
        guesses.append(targets.spread(truth, guess, ids, positions))
        grids.append(tried.assign(context=context))
        histories.append(model.history_.assign(context=context, run=1))
        again = _train_again(model, sample, truth, own, targets=targets, states=states, shelf=shelf)
        for run, other in enumerate([model, *again], 1):
            if runs > 1:
                values = guess if run == 1 else targets.guess(other, sample)
                one = targets.spread(truth, values, ids, positions)
                repeated.append(one[one["part"] == "test"].assign(run=run))
            if run > 1:
                histories.append(other.history_.assign(context=context, run=run))
    clear_places(checkpoints, shelf)
    return DeepModels(
        name=name or kind,
        kind=kind,
        target=targets.name,
        table=arrange_rows(rows, _KEYS),
        predictions=pd.concat(guesses, ignore_index=True),
        grid=pd.concat(grids, ignore_index=True),
        history=pd.concat(histories, ignore_index=True),
        repeated=pd.concat(repeated, ignore_index=True) if repeated else pd.DataFrame(),
        fits=tuple(kept),
    )


def _sort_clips(clips: pd.DataFrame) -> np.ndarray:
    """Return the positions of clips in the order of their ids."""
    names = [column for column in ("context", "clip") if column in clips]
    ids = clips[names].astype(str).reset_index(drop=True)
    return ids.sort_values(names, kind="stable").index.to_numpy()


def _check(clips: pd.DataFrame, parts: pd.DataFrame, targets: list[str]) -> np.ndarray:
    """Return the part (n,) of each clip; torch is asked for before the data are blamed."""
    require_torch()
    problems = find_absent(parts, ["subject", "part"])
    if problems:
        raise DataError(problems)
    clips = guard_table(clips, ids=("context", "clip", "subject"), numbers=targets)
    parts = guard_table(parts, ids=["subject"], quiet=True)
    check_table(clips, CLIPS)
    problems = []
    pairs = parts[["subject", "part"]].astype(str).drop_duplicates()
    torn = pairs.loc[pairs["subject"].duplicated(), "subject"].unique().tolist()
    lost = sorted(set(clips["subject"].astype(str)) - set(pairs["subject"]))
    unknown = sorted(set(pairs["part"]) - set(PARTS))
    for names, fact in (
        (torn, "subjects in more than one part"),
        (lost, "subjects without a part"),
        (unknown, "unknown parts"),
    ):
        if names:
            remedy = "Use split_subjects on the same clips."
            problems.append(Problem(f"{fact}: {name_some(names)}.", remedy))
    if problems:
        raise DataError(problems)
    lookup = pairs.set_index("subject")["part"]
    return clips["subject"].astype(str).map(lookup).to_numpy(object)


def _check_parts(labels: np.ndarray, context: Any, truth: np.ndarray, targets: Targets) -> None:
    absent = [part for part in ("train", "validate") if not (labels == part).any()]
    if absent:
        where = "all clips" if context is None else f"context '{context}'"
        fact = f"{where}: no clips in the {' or the '.join(absent)} part."
        raise DataError(Problem(fact, "Networks need people to train and to stop on."))
    targets.check_spread(truth[labels == "train"], context)


def _tune(
    sample: pd.DataFrame,
    truth: np.ndarray,
    labels: np.ndarray,
    *,
    targets: Targets,
    grid: Sequence[Mapping[str, Any]],
    net: NetName,
    shelf: Shelf,
    **options: Any,
) -> tuple[Any, pd.DataFrame]:
    """Return the estimator of lowest loss on the validation people, and what was tried."""
    tried, models = [], []
    for setting in grid:
        own = {name: value for name, value in setting.items() if name in _TRAINED}
        inner = {name: value for name, value in setting.items() if name not in _TRAINED}
        chosen = {"settings": inner or None, **own, **options}
        model = targets.build(net, **chosen)
        _train(model, sample, truth, labels, targets, place=next(shelf))
        best = model.history_[model.history_["best"]].iloc[0]
        models.append(model)
        tried.append({**setting, "epochs_best": int(best["epoch"]), **best[list(_LOSSES)]})
    table = pd.DataFrame(tried)
    place = int(table["loss_validate"].argmin())
    return models[place], table.assign(chosen=table.index == place)


def _train(
    model: Any,
    sample: pd.DataFrame,
    truth: np.ndarray,
    labels: np.ndarray,
    targets: Targets,
    *,
    place: Path | None,
) -> Any:
    """Train an estimator on the training people, stopped on the validation people."""
    seen = labels != "test"
    target = targets.form(truth[seen])
    people = sample["subject"].astype(str).to_numpy(object)[seen].astype(str)
    held = (labels == "validate")[seen]
    return model.fit(sample[seen], target, groups=people, held_out=held, checkpoint=place)


def _train_again(
    model: Any,
    sample: pd.DataFrame,
    truth: np.ndarray,
    labels: np.ndarray,
    *,
    targets: Targets,
    states: list[int],
    shelf: Shelf,
) -> Iterator[Any]:
    """Yield the network of the same settings, trained from each further random state."""
    for state in states[1:]:
        twin = type(model)(**{**model.get_params(), "random_state": state})
        yield _train(twin, sample, truth, labels, targets, place=next(shelf))


def _score(
    sample: pd.DataFrame,
    pair: tuple[np.ndarray, np.ndarray],
    labels: np.ndarray,
    *,
    targets: Targets,
    model: Any,
    key: dict[str, Any],
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    truth, guess = pair
    for part in PARTS:
        inside = labels == part
        if not inside.any():
            continue
        counts = {"n_clips": int(inside.sum()), "n_clusters": sample["subject"][inside].nunique()}
        for term, target, value in targets.score(truth[inside], guess[inside]):
            row = {**key, "part": part, "term": term}
            row |= {"target": target} if targets.several else {}
            note = "truth or prediction is constant" if np.isnan(value) else None
            rows.append({**row, "estimate": value, **counts, "note": note})
    best = model.history_.loc[model.history_["best"], "epoch"].item()
    facts = {"epochs": best, "parameters": model.n_parameters_, "seconds": model.seconds_}
    counts = {"n_clips": len(sample), "n_clusters": sample["subject"].nunique(), "note": None}
    for term, value in facts.items():
        row = {**key, "part": "validate" if term == "epochs" else "train", "term": term}
        row |= {"target": None} if targets.several else {}
        rows.append({**row, "estimate": float(value), **counts})
    return rows


def _list(
    sample: pd.DataFrame, labels: np.ndarray, *, key: dict[str, Any], added: np.ndarray | None
) -> pd.DataFrame:
    """Return the ids of PREDICTIONS of the clips of a sample."""
    kept = [name for name in ("context",) if name in sample]
    columns = {
        "clip": sample["clip"],
        "model": key["model"],
        **{name: sample[name] for name in ("subject", *kept)},
        "part": labels,
        "fitted_on": "all" if key["context"] is None else "context",
    }
    table = pd.DataFrame(columns)
    return table if added is None else table.assign(added=added)
