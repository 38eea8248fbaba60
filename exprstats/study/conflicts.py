"""Settings that are fine alone and wrong together."""

from __future__ import annotations

from collections.abc import Iterator

from exprstats.study.partition import list_validated
from exprstats.study.settings import (
    BASELINES,
    ClipsSettings,
    RatingsSettings,
    SplitSettings,
    Study,
)
from exprstats.words import name_nearest

Conflict = tuple[str, str]


def find_conflicts(study: Study) -> Iterator[Conflict]:
    """Yield a fact and a remedy for each pair of settings that cannot both hold."""
    if study.ratings:
        yield from _check_ratings(study.ratings)
    if study.scores and study.scores.fitted_on == "train" and not study.clips:
        yield (
            '[scores] fitted_on = "train" needs [clips], whose subjects are split.',
            'Write fitted_on = "all" or leave it out.',
        )
    if study.clips:
        yield from _check_target(study, study.clips)
        yield from _check_models(study)
    if study.split:
        yield from _check_split(study, study.split)


def _check_ratings(ratings: RatingsSettings) -> Iterator[Conflict]:
    given = [name for name in ("raters", "items", "rating") if getattr(ratings, name)]
    if len(given) > 1:
        yield (
            f"[ratings] has {' and '.join(given)}: raters names one column a rater, "
            "items one column an item, rating the one column of all ratings.",
            "Keep the one that fits the file.",
        )


def _check_target(study: Study, clips: ClipsSettings) -> Iterator[Conflict]:
    rated = study.ratings is not None
    where = "[openface]" if study.openface else "[clips]"
    if rated and clips.target:
        yield (
            f"{where} target is '{clips.target}', but the study has [ratings], "
            "whose factor score is the target.",
            "Remove one of the two.",
        )
    if rated and clips.classes:
        yield (
            f"{where} classes describes a target column, but the study has [ratings].",
            "Remove classes; the factor score is a quantity.",
        )
    if rated and clips.scale:
        yield (
            f"{where} scale describes a target column, but the study has [ratings].",
            "Put scale into [ratings].",
        )
    if not rated and not clips.target:
        yield (
            f"{where} has no target and there is no [ratings] to take a score from.",
            'Name the column to predict: target = "...".',
        )
    roles = {clips.clip, clips.subject, clips.context, clips.target}
    for name in clips.features or ():
        if name in roles:
            yield f"{where} features names '{name}', which has another role.", "Remove it there."


def _check_models(study: Study) -> Iterator[Conflict]:
    names = [model.name for model in study.models]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"[[models]] has two models named '{name}'.", "Rename one."
    fitted = [model.name for model in study.models if model.kind not in BASELINES]
    if not fitted:
        yield "[[models]] has baselines only.", 'Add one with kind = "elastic".'
    kinds = [model.kind for model in study.models]
    if "human" in kinds and not study.ratings:
        yield (
            'kind = "human" needs [ratings], whose raters it judges.',
            "Add [ratings] or remove the model.",
        )
    odd = [model.name for model in study.models if model.unit and model.kind != "human"]
    if odd:
        yield f"[[models]] '{odd[0]}' has a unit, which is for raters.", "Remove unit."
    if study.weights and "elastic" not in kinds:
        yield "[weights] needs a model that has weights.", 'Add one with kind = "elastic".'
    against = study.compare.against if study.compare else None
    if against is not None and against not in names:
        yield f"[compare] against '{against}' names no model.", name_nearest(against, names)


def _check_split(study: Study, split: SplitSettings) -> Iterator[Conflict]:
    total = split.train + split.validate + split.test
    if abs(total - 1) > 1e-6:
        yield (
            f"[split] train, validate and test add up to {total:.6g}.",
            "Let them add up to 1 (shares left out are 0.6, 0.2 and 0.2).",
        )
    if split.repeats > 1 and split.folds is None:
        yield "[split] repeats deals folds anew, and there are none.", "Add folds = 5 or remove it."
    if split.folds is not None and all(model.kind != "elastic" for model in study.models):
        yield "[split] folds tunes elastic nets, and there is none.", "Remove folds."
    tuned = list(list_validated(study)) if split.folds else ["the models"]
    if split.validate == 0 and tuned:
        remedy = "Give validate a share." if split.folds else "Add folds = 5, or give it a share."
        yield f"[split] validate is 0, and {' and '.join(tuned)} must be tuned on somebody.", remedy
