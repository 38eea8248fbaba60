"""Parts of the methods paragraph on models and baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.numerals import count_things, write_count
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, join_words, say
from exprstats.report.sources import Told
from exprstats.report.tuning import find_split, name_tuning

if TYPE_CHECKING:
    from exprstats.models import Models


def tell_models(pieces: Pieces) -> Told:
    """Return how subjects were divided, and how each model was fitted to them."""
    models = find_split(pieces)
    if models is None:
        return [], set()
    texts = [_tell_split(models, pieces)]
    cited: set[str] = set()
    for one in pieces.models.values():
        told, sources = (_tell_forest if one.kind == "forest" else _tell_elastic)(one, pieces)
        texts += told
        cited |= sources
    return texts, cited


def _tell_split(models: Models, pieces: Pieces) -> Text:
    row = models.glance().iloc[0]
    names = {"train": "training", "validate": "validation", "test": "testing"}
    counts = {name: row[f"n_{part}"] for part, name in names.items()}
    told = [f"{write_count(count)} for {name}" for name, count in counts.items() if count]
    stratified = pieces.study and pieces.study.split and pieces.study.split.stratify
    return say(
        "Subjects were divided at random into {told}{evenly}; all clips of a subject belong to "
        "one part.",
        told=join_words(told),
        evenly=", each set of contexts in these shares" if stratified else "",
    )


def _tell_elastic(models: Models, pieces: Pieces) -> Told:
    row = models.glance().iloc[0]
    grid = models.penalties
    searched = ""
    if grid is not None:
        alphas = ", ".join(f"{alpha:g}" for alpha in sorted(grid.alphas))
        ratios = ", ".join(f"{ratio:g}" for ratio in grid.l1_ratios)
        searched = f" among alpha ∈ {{{alphas}}} and l1_ratio ∈ {{{ratios}}}"
    text = say(
        "An elastic net (Zou & Hastie, 2005) predicted {target} from {features} standardized "
        "on the training clips{where}; its penalty was the one with the lowest root mean "
        "square error {tuned}{searched}, with scikit-learn (Pedregosa et al., 2011).",
        tuned=name_tuning(models, pieces),
        target=pieces.target,
        features=count_things(row["n_features"], "feature"),
        where=", for each context and for all contexts together" if row["n_contexts"] else "",
        searched=searched,
    )
    return [text], {"zou", "pedregosa"}


def _tell_forest(models: Any, pieces: Pieces) -> Told:
    """Return how a random forest was tuned."""
    text = say(
        "A random forest (Breiman, 2001){trees} predicted {target} from {features}; the share of "
        "features tried at a split and the least number of clips in a leaf were those with the "
        "{error} on the validation subjects.",
        target=pieces.target,
        trees=_tell_trees(models),
        features=_tell_features(models, pieces),
        error="lowest share of wrong classes"
        if models.design.classes
        else "lowest root mean square error",
    )
    return [text], {"breiman"}


def _tell_trees(models: Any) -> str:
    forest = getattr(models.fits[0], "forest", None)
    trees = getattr(forest, "n_estimators", None)
    return "" if trees is None else f" of {write_count(trees)} trees"


def _tell_features(models: Any, pieces: Pieces) -> str:
    """Return what a model predicts from; a model told before has named it."""
    if next(iter(pieces.models.values()), models) is not models:
        return "the same features"
    features = len(models.design.features)
    contexts = any(sample.context is not None for sample in models.design.samples)
    where = ", for each context and for all contexts together" if contexts else ""
    return f"{count_things(features, 'feature')}{where}"


def tell_human(pieces: Pieces) -> Told:
    """Return what the human baseline is, where the study has one."""
    if pieces.find_kind("human") is None:
        return [], set()
    text = say(
        "The human baseline let each rater's answers, weighted by the standardized loadings, "
        "summed, and standardized, predict the mean of the other raters of the same clip; its "
        "metrics were averaged over {seats}.",
        seats=pieces.name_judges(),
    )
    return [text], set()
