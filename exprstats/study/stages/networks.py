"""Networks of a study: training, lacking modalities, adaptation to people, spread of runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from exprstats.contracts import find_absent
from exprstats.errors import DataError, Problem
from exprstats.io.outputs import slug
from exprstats.options import NETWORKS, VARIED, name_nearest
from exprstats.study.inputs import Lesson, drop_gaps
from exprstats.study.provenance import Logbook
from exprstats.study.settings import CompareSettings, ModelSettings, Study
from exprstats.study.targets import CLASS_METRICS, NUMBER_METRICS, Ranges

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.deep import Ablation, Adaptation, DeepModels
    from exprstats.deep.sequences import Loader
    from exprstats.inference import VarianceSplit


_KEYS = ("video", "face", "frame", "timestamp", "confidence", "success")
_READING = ("recursive", "endings")


def keep_training_clips(
    clips: pd.DataFrame, parts: pd.DataFrame, study: Study, log: Logbook
) -> pd.DataFrame:
    """Return the clips without those for training only that are of other subjects."""
    column = study.split.training_only if study.split else None
    if column is None:
        return clips
    from exprstats.deep.intensity.windows import keep_trained

    kept = keep_trained(clips, parts, column)
    left = clips.index.difference(kept.index)
    reason = f"'{column}' is 1, and their subjects are none of the training part"
    log.exclude("models", "clips", len(clips), reason, left_out=clips.loc[left, "clip"].tolist())
    return kept.reset_index(drop=True)


def drop_added(predictions: pd.DataFrame, clips: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return predictions without clips for training only, of which baselines should not know."""
    column = study.split.training_only if study.split else None
    if column is None:
        return predictions
    from exprstats.deep.intensity.windows import read_marks

    keys = [name for name in ("context", "clip") if name in predictions and name in clips]
    added = clips.loc[read_marks(clips, column), keys].astype(str)
    rows = predictions[keys].astype(str)
    known = set(added.itertuples(index=False, name=None))
    return predictions[[one not in known for one in rows.itertuples(index=False, name=None)]]


def fit_networks(study: Study, lesson: Lesson, log: Logbook) -> dict[str, DeepModels]:
    """Return the trained networks of a study by name, on the subjects of its other models.

    A network that cannot be trained is a failure of its stage; the study goes on without it.
    """
    found: dict[str, DeepModels] = {}
    for model in study.models:
        if model.kind not in NETWORKS:
            continue
        with log.attempt("networks", f"'{model.name}'"):
            found[model.name] = _fit(model, study, lesson, log)
            _note_inputs(model, study, lesson, log)
    return found


def _fit(model: ModelSettings, study: Study, lesson: Lesson, log: Logbook) -> DeepModels:
    from exprstats.deep import fit_deep
    from exprstats.deep.recipes import require_torch

    require_torch()
    place, classes = study.deep.checkpoints if study.deep else None, None
    if lesson.classes:
        classes = sorted({int(one) for one in lesson.clips[lesson.target]})
    return fit_deep(
        lesson.clips,
        target=lesson.target,
        parts=lesson.parts,
        load=open_loader(model, study, lesson.clips),
        kind=model.kind,  # pyright: ignore[reportArgumentType]  (one of NETWORKS)
        by=lesson.by,
        classes=classes,
        grid=cross_settings(model, study),
        weights=model.weights,
        augment={name: model.trained[name] for name in VARIED if name in model.trained} or None,
        name=model.name,
        runs=study.deep.runs if study.deep else 1,
        checkpoints=place and place / slug(model.name),
        device=study.deep.device if study.deep else "auto",
        seed=log.draw_seed("networks"),
    )


def _note_inputs(model: ModelSettings, study: Study, lesson: Lesson, log: Logbook) -> None:
    """Write down the weights and the arrays that a network was trained on, with their hashes."""
    from exprstats.deep.sequences import hash_sequences
    from exprstats.io.files.kinds import hash_file

    given: list[tuple[str, Path, str, int]] = []
    if model.weights is not None:
        given.append(("weights", model.weights, hash_file(model.weights), 0))
    deep = study.deep
    if deep is not None and deep.sequences is not None:
        digest = hash_sequences(deep.sequences, lesson.clips["clip"].tolist())
        given.append(("sequences", deep.sequences, digest, len(lesson.clips)))
    known = {one.sha256 for one in log.inputs}
    for table, path, digest, rows in given:
        if digest not in known:
            log.note_file(table, study.path.parent, path, digest, rows)


def cross_settings(model: ModelSettings, study: Study) -> list[dict[str, Any]]:
    """Return every combination of the settings that a study file lists.

    Examples
    --------
    >>> from pathlib import Path
    >>> model = ModelSettings("net", "lstm", lr=(0.01, 0.001), hidden=(64,))
    >>> cross_settings(model, Study(Path()))
    [{'lr': 0.01, 'hidden': 64}, {'lr': 0.001, 'hidden': 64}]
    """
    deep, sides = study.deep, {}
    if model.kind == "gated-gru" and deep is not None and deep.modalities is not None:
        sides = {"sizes": tuple(deep.modalities.values())}
        sides |= {"hidden": tuple((deep.units or {}).get(one, 256) for one in deep.modalities)}
    apart = ("weights", *VARIED)
    given = {name: value for name, value in model.trained.items() if name not in apart}
    lists = [value if isinstance(value, tuple) else (value,) for value in given.values()]
    return [{**sides, **dict(zip(given, values, strict=True))} for values in product(*lists)]


def open_loader(model: ModelSettings, study: Study, clips: pd.DataFrame) -> Loader:
    """Return what gives a network the array of a clip: pictures, or features."""
    from exprstats.deep import read_sequences

    deep, video = study.deep, study.video
    pictures = model.kind in {"r3d", "r3d-pretrained", "i3d"}
    if pictures and video is not None:
        from exprstats.behaviour import read_segments
        from exprstats.deep.video.pictures import read_pictures

        segments = read_segments(video.segments, clip=video.clip, video=video.video)
        options: dict[str, Any] = {"frames": video.frames, "whole": model.crop is not None}
        options |= {"net": model.kind.removesuffix("-pretrained")}
        return read_pictures(video.folder, _keep(segments, clips), **options)
    if deep is not None and deep.sequences is not None:
        return read_sequences(deep.sequences)
    return _cut_openface(study, clips)


def _keep(segments: pd.DataFrame, clips: pd.DataFrame) -> pd.DataFrame:
    """Return the segments of the clips that models see."""
    from exprstats.options import name_some

    keys = [name for name in ("context", "clip") if name in segments and name in clips]
    wanted = clips[keys].astype(str).apply(tuple, axis=1)
    known = segments[keys].astype(str).apply(tuple, axis=1)
    absent = [" ".join(one) for one in dict.fromkeys(wanted) if one not in set(known)]
    if absent:
        fact = f"clips without a segment: {name_some(absent)}."
        raise DataError(Problem(fact, "Add them to the segments."))
    return segments[known.isin(set(wanted)).to_numpy()].reset_index(drop=True)


def _cut_openface(study: Study, clips: pd.DataFrame) -> Loader:
    """Return the features of OpenFace of each clip, on an even grid of time."""
    from exprstats.behaviour import read_openface, read_segments
    from exprstats.deep import cut_frames
    from exprstats.study.settings import DeepSettings

    deep, other = study.deep or DeepSettings(), study.openface
    own = deep.openface is not None
    source = deep if own or other is None else other
    folder = deep.openface if own or other is None else other.folder
    places = deep.segments or (None if other is None else other.segments)
    if folder is None or places is None:
        raise DataError(Problem("networks have no sequences.", "Name them in [deep]."))
    reading = {} if own or other is None else {name: getattr(other, name) for name in _READING}
    columns = None if deep.features is None else list(deep.features)
    frames = read_openface(folder, columns=columns, **reading)
    tracked = frames["success"].eq(1) & frames["confidence"].ge(deep.confidence)
    features = columns or [
        str(name) for name in frames.select_dtypes("number") if name not in _KEYS
    ]
    segments = read_segments(places, clip=source.clip, video=source.video)
    segments = _keep(segments, clips)
    keys = [name for name in ("context", "clip") if name in segments and name in clips]
    named = segments.assign(clip=segments[keys].astype(str).agg("\n".join, axis=1))
    options = {"features": features, "hz": deep.hz, "seconds": deep.seconds}
    cut = cut_frames(_pick_face(frames[tracked]), named, **options)

    def load(row: pd.Series) -> np.ndarray:
        return cut["\n".join(str(row[key]) for key in keys)]

    return load


def _pick_face(frames: pd.DataFrame) -> pd.DataFrame:
    """Return frames of the face that is tracked longest in each video."""
    if "face" not in frames:
        return frames
    counts = frames.groupby(["video", "face"], sort=True).size()
    longest = counts.groupby("video", sort=True).idxmax()
    pairs = frames.set_index(["video", "face"]).index
    return frames[pairs.isin(list(longest))]


def choose_reference(study: Study, predictions: pd.DataFrame, first: str, log: Logbook) -> str:
    """Return the model that others are compared with; another where that one was left out."""
    asked = study.compare.against if study.compare else None
    if asked is None or predictions["model"].eq(asked).any():
        return asked or first
    log.notes.append(f"'{asked}' was left out, so that models are compared with '{first}'.")
    return first


def split_runs(
    networks: dict[str, DeepModels], study: Study, ranges: Ranges | None, *, by: str | None
) -> VarianceSplit | None:
    """Return what other test subjects and what another training would change."""
    import pandas as pd

    from exprstats.inference import split_variance

    runs = [one.repeated for one in networks.values() if len(one.repeated)]
    if not runs or study.compare is None:
        return None
    usual = CLASS_METRICS if ranges is None else NUMBER_METRICS
    return split_variance(
        pd.concat(runs, ignore_index=True),
        metrics=list(study.compare.metrics or usual),
        run="run",
        by=by,
        span=ranges.spans if ranges else None,
    )


_NEUTRAL = "is neutral"  # a column of our own


def find_networks(study: Study, named: str | None, kinds: tuple[str, ...]) -> list[ModelSettings]:
    """Return the networks of some kinds that a table means: the named one, or all in order."""
    known = [one for one in study.models if one.kind in kinds]
    return [one for one in known if named in {None, one.name}]


def check_people(study: Study) -> Iterator[tuple[str, str]]:
    """Yield a fact and a remedy for what ``[ablation]`` and ``[adaptation]`` need and lack."""
    for table, settings, kinds, needed in (
        ("ablation", study.ablation, ("gated-gru",), 'kind = "gated-gru"'),
        ("adaptation", study.adaptation, NETWORKS, "a network, such as kind = 'lstm'"),
    ):
        if settings is None or find_networks(study, settings.model, kinds):
            continue
        names = [one.name for one in find_networks(study, None, kinds)]
        if names:
            fact = f"[{table}] model '{settings.model}' names no such network."
            yield fact, name_nearest(str(settings.model), names)
        else:
            yield f"[{table}] needs a network, and there is none.", f"Add [[models]] with {needed}."
    yield from _check_modalities(study)
    clips, ablation = study.clips, study.ablation
    if study.adaptation is not None and clips is not None and not clips.classes:
        fact = "[adaptation] needs labels in whole numbers as target, of which 0 is neutral."
        yield fact, "Name them as target and write classes = true."
    if ablation and ablation.targets and clips and clips.features is None and not study.openface:
        fact = "[ablation] targets would be features of the other models, which none are named for."
        yield fact, "Name the features in [clips]."


def _check_modalities(study: Study) -> Iterator[tuple[str, str]]:
    deep = study.deep
    given = () if deep is None or deep.modalities is None else tuple(deep.modalities)
    if study.ablation is not None and not given:
        yield (
            "[ablation] needs the modalities that lie side by side in the sequences.",
            "Add to [deep]: modalities = {face = 256, voice = 128}, with their features.",
        )
        return
    named = list(deep.units) if deep and deep.units else []
    groups = study.ablation.subsets or () if study.ablation else ()
    for name in dict.fromkeys([*named, *(one for group in groups for one in group)]):
        if name not in given:
            yield f"'{name}' is none of the modalities of [deep].", name_nearest(name, given)
    lacking = [name for name in given if deep and deep.units and name not in deep.units]
    if lacking:
        yield f"[deep] units lacks '{lacking[0]}'.", "Give each modality its units."


def ablate_networks(study: Study, lesson: Lesson, log: Logbook) -> Ablation | None:
    """Return what a gated GRU loses without some modalities, beside elastic nets; None unasked."""
    asked, deep = study.ablation, study.deep
    if asked is None or deep is None or deep.modalities is None:
        return None
    from exprstats.deep import ablate_modalities
    from exprstats.deep.recipes import require_torch

    require_torch()
    (model, *_) = find_networks(study, asked.model, ("gated-gru",))
    targets = list(asked.targets or (lesson.target,))
    absent = find_absent(lesson.clips, targets, "clips")
    if absent:
        raise DataError(absent)
    whole = drop_gaps(lesson.clips, targets, log, stage="networks", reason="a target is missing")
    grid = [
        {name: value for name, value in one.items() if name not in {"sizes", "hidden"}}
        for one in cross_settings(model, study)
    ]
    return ablate_modalities(
        whole,
        targets=targets,
        parts=lesson.parts,
        load=open_loader(model, study, whole),
        modalities=deep.modalities,
        subsets=asked.subsets,
        hidden=deep.units,
        grid=grid,
        runs=deep.runs,
        beside=_fit_beside(study, replace(lesson, clips=whole), targets),
        device=deep.device,
        seed=log.draw_seed("networks"),
        **_choose_intervals(study.compare),
    )


def _fit_beside(study: Study, lesson: Lesson, targets: list[str]) -> pd.DataFrame | None:
    """Return predictions of an elastic net for each target, on the same people."""
    import pandas as pd

    from exprstats.models import fit_elastic

    pieces = []
    for model in study.models:
        for target in targets if model.kind == "elastic" else ():
            data = {"features": list(lesson.features), "parts": lesson.parts}
            data |= {"folds": lesson.folds, "name": model.name}
            found = fit_elastic(lesson.clips, target=target, **data).predictions
            pieces.append(found.assign(seat=target))
    return pd.concat(pieces, ignore_index=True) if pieces else None


def adapt_networks(
    study: Study, networks: dict[str, DeepModels], lesson: Lesson, log: Logbook
) -> Adaptation | None:
    """Return how a network does as it is adapted to each test subject; None unasked."""
    asked = study.adaptation
    if asked is None:
        return None
    chosen = [one.name for one in find_networks(study, asked.model, NETWORKS)]
    trained = [name for name in chosen if name in networks]
    if not trained:
        return None  # a network that was left out is a failure of its own
    from exprstats.deep import adapt_people
    from exprstats.deep.intensity.windows import mark_value

    parts = lesson.parts
    tested = set(parts.loc[parts["part"].eq("test"), "subject"].astype(str))
    new = lesson.clips[lesson.clips["subject"].astype(str).isin(tested).to_numpy()]
    marked = new.assign(**{_NEUTRAL: mark_value(new, asked.neutral)})
    network: Any = networks[trained[0]].fits[-1]  # of classes, as find_conflicts sees to
    return adapt_people(
        network,
        marked,
        neutral=_NEUTRAL,
        target=lesson.target,
        iterations=asked.iterations,
        batch=asked.batch,
        lr=asked.lr,
        seed=log.draw_seed("networks"),
        **_choose_intervals(study.compare),
    )


def _choose_intervals(compare: CompareSettings | None) -> dict[str, Any]:
    asked = compare or CompareSettings()
    return {name: getattr(asked, name) for name in ("draws", "interval", "level")}
