"""Methods sentences on models: the split, elastic nets, forests, networks, and explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.apa import count_things, write_count, write_level
from exprstats.document.text import Text, join_words, say
from exprstats.report.analysis import Analysis
from exprstats.report.methods.citations import Told
from exprstats.report.sections.importance import gather_importance
from exprstats.report.sections.stability import find_split, name_resampled, name_tuning

if TYPE_CHECKING:
    from exprstats.deep import DeepModels
    from exprstats.models import Models

_OPTIMISERS = {
    "adam": "Adam (Kingma & Ba, 2015)",
    "sgd": "stochastic gradient descent with momentum .9",
}


def tell_models(analysis: Analysis) -> Told:
    """Return how subjects were divided, and how each model was fitted to them."""
    models = find_split(analysis)
    if models is None:
        return [], set()
    texts = [_tell_split(models, analysis)]
    cited: set[str] = set()
    for one in analysis.models.values():
        told, sources = (_tell_forest if one.kind == "forest" else _tell_elastic)(one, analysis)
        texts += told
        cited |= sources
    return texts, cited


def _tell_split(models: Models, analysis: Analysis) -> Text:
    row = models.glance().iloc[0]
    names = {"train": "training", "validate": "validation", "test": "testing"}
    counts = {name: row[f"n_{part}"] for part, name in names.items()}
    told = [f"{write_count(count)} for {name}" for name, count in counts.items() if count]
    strata = analysis.study and analysis.study.split and analysis.study.split.stratify
    what = strata if isinstance(strata, str) else "the contexts that they have"
    return say(
        "The {people} of {clips} were divided at random into {told}{evenly}; all clips of a "
        "subject belong to one part.",
        people=count_things(sum(counts.values()), "subject"),
        clips=count_things(len(models.design.clips), "clip"),
        told=join_words(told),
        evenly=f", stratified by {what}" if strata else "",
    )


def _tell_elastic(models: Models, analysis: Analysis) -> Told:
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
        tuned=name_tuning(models, analysis),
        target=analysis.target,
        features=count_things(row["n_features"], "feature"),
        where=", for each context and for all contexts together" if row["n_contexts"] else "",
        searched=searched,
    )
    return [text], {"zou", "pedregosa"}


def _tell_forest(models: Any, analysis: Analysis) -> Told:
    """Return how a random forest was tuned."""
    text = say(
        "A random forest (Breiman, 2001){trees} predicted {target} from {features}; the share of "
        "features tried at a split and the least number of clips in a leaf were those with the "
        "{error} on the validation subjects.",
        target=analysis.target,
        trees=_tell_trees(models),
        features=_tell_features(models, analysis),
        error="lowest share of wrong classes"
        if models.design.classes
        else "lowest root mean square error",
    )
    return [text], {"breiman"}


def _tell_trees(models: Any) -> str:
    forest = getattr(models.fits[0], "forest", None)
    trees = getattr(forest, "n_estimators", None)
    return "" if trees is None else f" of {write_count(trees)} trees"


def _tell_features(models: Any, analysis: Analysis) -> str:
    """Return what a model predicts from; a model told before has named it."""
    if next(iter(analysis.models.values()), models) is not models:
        return "the same features"
    features = len(models.design.features)
    contexts = any(sample.context is not None for sample in models.design.samples)
    where = ", for each context and for all contexts together" if contexts else ""
    return f"{count_things(features, 'feature')}{where}"


def tell_resampling(analysis: Analysis) -> Told:
    """Return where the intervals of weights and of their contrasts come from."""
    texts: list[Text] = []
    cited: set[str] = set()
    if analysis.weights is not None:
        texts.append(
            say(
                "{level} percentile intervals of the weights come from {refits} to resampled "
                "{parts} subjects, the penalty tuned anew in each.",
                parts=name_resampled(analysis.weights.model, analysis),
                level=write_level(analysis.weights.level),
                refits=count_things(analysis.weights.glance()["draws"].iloc[0], "refit"),
            )
        )
        if analysis.weights.tidy()["term"].eq("unpenalised").any():
            texts.append(_say_unpenalised())
            cited |= {"efron", "holm"}
    if analysis.contrasts is not None:
        texts.append(
            say(
                "To compare contexts, all of them were fitted with one penalty and pooled "
                "standard deviations in {refits} to jointly resampled subjects; differences are "
                "described, not tested. Least squares without a penalty was tested by a delete-one "
                "jackknife over subjects (Efron & Tibshirani, 1993) with Holm's (1979) adjustment.",
                refits=count_things(analysis.contrasts.glance()["draws"].iloc[0], "refit"),
            )
        )
        cited |= {"efron", "holm"}
    if analysis.pooling is not None:
        texts.append(
            say(
                "Models of single contexts were compared on the test clips with one model of all "
                "contexts: features and targets were taken about their training means in each "
                "context, which gives the model an intercept for each."
            )
        )
    return texts, cited


def _say_unpenalised() -> Text:
    return say(
        "Associations of features with the target were tested in the same regression without a "
        "penalty, by a delete-one jackknife over subjects with the *t* distribution (Efron & "
        "Tibshirani, 1993) and Holm's (1979) adjustment."
    )


def tell_importance(analysis: Analysis) -> Told:
    """Return how the importance of features and partial dependence were measured."""
    texts: list[Text] = []
    cited: set[str] = set()
    found = gather_importance(analysis)
    if found:
        rows = next(iter(found.values())).tidy()
        rows = rows[rows["term"].eq("importance") & rows["headline"].eq(True)]
        repeats = max(int(getattr(one, "repeats", 0)) for one in found.values())
        texts.append(
            say(
                "The importance of a feature was measured as the rise of the test error when its "
                "values were permuted between test subjects (Breiman, 2001){repeats}, with "
                "{level} {method} intervals over test subjects{together}.",
                together="; features that correlated highly in training were permuted together as "
                "well"
                if any(one.tidy()["term"].eq("group_importance").any() for one in found.values())
                else "",
                repeats=f", averaged over {write_count(repeats)} permutations" if repeats else "",
                level=write_level(float(rows["level"].iloc[0])),
                method="bootstrap" if rows["method"].eq("percentile").all() else "jackknife",
            )
        )
        cited.add("breiman")
    if analysis.dependence:
        texts.append(
            say(
                "Partial dependence (Friedman, 2001) is the mean prediction over the training "
                "clips with one feature set to a value."
            )
        )
        cited.add("friedman")
    return texts, cited


def tell_networks(analysis: Analysis) -> Told:
    """Return how networks were trained and judged, and the works cited."""
    told, cited = [], set()
    networks: dict[str, DeepModels] = analysis.networks
    if networks:
        from exprstats.deep import find_recipe

        recipes = {find_recipe(one.kind.removesuffix("-pretrained")) for one in networks.values()}
        ways = sorted({_OPTIMISERS[one.optimiser] for one in recipes})
        words = (
            "Networks ({names}) were trained on the training subjects by {ways}, with PyTorch; "
            "settings and the number of epochs were those of the lowest loss on the validation "
            "subjects (<Table networks>)."
        )
        named = {name: analysis.name_model(name) for name in networks}
        for name, one in networks.items():
            if one.kind == "lstm":
                named[name] += ", long short-term memory; Hochreiter & Schmidhuber, 1997"
                cited.add("hochreiter")
        cited |= {"kingma" for one in recipes if one.optimiser == "adam"}
        names = "; ".join(named.values())
        told.append(say(words, names=names, ways=join_words(ways)))
    tasks, adapted, ablated = analysis.tasks, analysis.adaptation, analysis.ablation
    if tasks is not None:
        words = (
            "Intensity labels were compared between tasks by each person’s highest intensity, as "
            "Ouyang et al. (n.d.) do, with paired differences over {people}."
        )
        people = count_things(tasks.glance()["n_clusters"].iloc[0], "person", "people")
        told.append(say(words, people=people))
        cited.add("ouyang")
    if adapted is not None:
        words = (
            "Following Ouyang et al. (n.d.), the network was trained further for each new person, "
            "by {iterations} on {batch} windows of the neutral face at a learning rate of {lr}, "
            "and judged on the person’s other windows; differences are paired and their intervals "
            "are over people."
        )
        counted = count_things(adapted.iterations, "step", "steps")
        held = {"batch": write_count(adapted.batch), "lr": f"{adapted.lr:g}"}
        told.append(say(words, iterations=counted, **held))
        cited.add("ouyang")
    if ablated is not None:
        names = [name for name in ablated.fits if name != ablated.full]
        words = (
            "As Sun et al. (2020) do, gated recurrent networks were also trained without some "
            "modalities ({names}) and compared on the same test people."
        )
        if not names:
            words = "As Sun et al. (2020) do, one gated recurrent network predicted all targets."
        told.append(say(words, names=join_words(names)) if names else say(words))
        cited.add("sun")
    return told, cited
