"""Methods sentences on networks: training, adaptation to people, tasks, and modalities left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.apa import count_things, write_count, write_number
from exprstats.document.text import join_words, say
from exprstats.report.analysis import Analysis
from exprstats.report.methods.citations import Told

if TYPE_CHECKING:
    from exprstats.deep import DeepModels

_OPTIMISERS = {
    "adam": "Adam (Kingma & Ba, 2015)",
    "sgd": "stochastic gradient descent with momentum .9",
}


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
                named[name] += ", long short-term memory (Hochreiter & Schmidhuber, 1997)"
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
        rate = f"{adapted.lr:g}".removeprefix("0") if adapted.lr < 1 else write_number(adapted.lr)
        told.append(say(words, iterations=counted, batch=write_count(adapted.batch), lr=rate))
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
