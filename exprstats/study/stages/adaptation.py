"""The stages on networks that lack modalities, and on networks adapted to new people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exprstats.contracts import find_absent
from exprstats.errors import DataError
from exprstats.options import NETWORKS, name_nearest
from exprstats.study.inputs import Lesson, drop_gaps
from exprstats.study.provenance import Logbook
from exprstats.study.settings import CompareSettings, ModelSettings, Study
from exprstats.study.stages.networks import cross_settings, open_loader

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.deep import Ablation, Adaptation, DeepModels

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
