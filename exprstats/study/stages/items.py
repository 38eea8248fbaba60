"""Stage of a study that predicts one or two rated items, too few for a factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from exprstats.apa import write_number
from exprstats.errors import DataError, DataWarning, Option, Problem, warn_user
from exprstats.study.files import ClipsSettings
from exprstats.study.provenance import Logbook
from exprstats.study.settings import Study

FEW = 2  # items of which the mean is the target; three have a factor
_UNLIKE = 2.0  # times that one item's range may exceed the other's
_LOW = 0.3  # correlation below which a mean of two items measures no one thing


def name_mean(items: Sequence[str]) -> str:
    """Return what the mean of one or two items is called.

    Examples
    --------
    >>> name_mean(["warm", "open"])
    'mean of warm and open'
    """
    return items[0] if len(items) == 1 else f"mean of {items[0]} and {items[1]}"


def average_items(ratings: pd.DataFrame, items: Sequence[str]) -> pd.DataFrame:
    """Return RATINGS of one item: each rater's mean of all items that they answered for a clip.

    A rater who lacks an item of a clip has no mean of it.
    """
    key = [name for name in ("context", "clip", "rater", "subject") if name in ratings]
    held = ratings[ratings["item"].isin(list(items))].dropna(subset="rating")
    sizes = held.groupby(key, sort=False)["rating"].agg(["mean", "size"]).reset_index()
    whole = sizes[sizes["size"].eq(len(items))]
    named = whole.rename(columns={"mean": "rating"}).assign(item=name_mean(items))
    return named.drop(columns="size").reset_index(drop=True)


def add_mean(study: Study, ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the ratings, with raters' means of two items where these are the target.

    The reliability of the target is that of these means, and stands beside that of the items.
    """
    items = [str(one) for one in ratings["item"].unique()]
    if not study.rated_target or len(items) < FEW:
        return ratings
    both = average_items(ratings, items)
    return pd.concat([ratings, both], ignore_index=True) if len(both) else ratings


def take_item(
    study: Study, settings: ClipsSettings, ratings: pd.DataFrame, clips: pd.DataFrame, log: Logbook
) -> tuple[Study, ClipsSettings, pd.DataFrame]:
    """Return study, its settings of clips, and clips, with the mean of few items as target.

    A factor needs three items, and scores by Bartlett's method need a factor. Of two items each
    rater's mean is taken before raters are averaged. Ratings of more items, and a study that names
    its target, are returned as they are.
    """
    from exprstats.measurement import average_raters

    items = [str(one) for one in ratings["item"].unique()]
    if study.ratings is None or not study.scored or len(items) > FEW:
        return study, settings, clips
    told = "one item" if len(items) == 1 else "two items"
    human = next((one.name for one in study.models if one.kind == "human"), None)
    if human is not None:
        fact = f"'{human}' judges raters by factor scores, and the ratings have {told}."
        raise DataError(Problem(fact, "Remove the model.", file=str(study.path)))
    name = name_mean(items)
    target = name if name not in clips else f"mean rating of {name}"
    means = average_raters(average_items(ratings, items)).rename(columns={name: target})
    key = [one for one in ("context", "clip") if one in means and one in clips]
    joined = clips.merge(means[[*key, target]], on=key, how="left")
    if len(items) == 1:
        log.notes.append(
            f"The ratings have one item, '{items[0]}', so that there is no factor and no factor "
            "score: models predict each clip's mean rating. Its reliability is that of the mean of "
            "raters."
        )
    else:
        log.notes.append(_tell_pair(ratings, items))
    models = tuple(one for one in study.models if one.kind != "normal")
    if len(models) < len(study.models):
        guesses = "Standard normal guesses are in the unit of factor scores, so they are left out."
        log.notes.append(guesses)
    settings = replace(settings, target=target, scale=study.ratings.scale)
    return replace(study, clips=settings, models=models, rated_target=True), settings, joined


def _tell_pair(ratings: pd.DataFrame, items: Sequence[str]) -> str:
    """Return what is predicted of two items, and how far they measure the same.

    The Spearman–Brown coefficient is the reliability of a sum of two items (Eisinga et al., 2013).

    References
    ----------
    Eisinga, R., te Grotenhuis, M., & Pelzer, B. (2013). The reliability of a two-item scale:
    Pearson, Cronbach, or Spearman-Brown? *International Journal of Public Health, 58*, 637-642.
    """
    first, second = items
    start = (
        f"The ratings have two items, '{first}' and '{second}', and a factor needs three: models "
        f"predict the mean of both, averaged over raters. Its reliability over raters is the row "
        f"'{name_mean(items)}' of the reliability"
    )
    r = correlate_pair(ratings, items)
    ranges = [ratings.loc[ratings["item"].eq(one), "rating"].agg(["min", "max"]) for one in items]
    widths = sorted(float(one["max"] - one["min"]) for one in ranges)
    if widths[0] > 0 and widths[1] > _UNLIKE * widths[0]:
        told = " and ".join(
            f"'{one}' from {held['min'] + 0.0:g} to {held['max'] + 0.0:g}"
            for one, held in zip(items, ranges, strict=True)
        )
        fact = f"answers run {told}, so that the mean follows the wider item."
        warn_user(Problem(fact, ("Name the one to predict with ", Option("items"), ".")))
    if np.isnan(r):
        return f"{start}."
    shown = write_number(r, bounded=True)
    if r < _LOW:
        what = "ask for opposite things" if r < 0 else "hardly measure one thing"
        fact = f"'{first}' and '{second}' {what}: over clips they correlate at r = {shown}."
        turn = (Option("reverse", [second]), ", or name the one to predict with ")
        remedy = ("Turn one with ", *turn) if r < 0 else ("Name the one to predict with ",)
        warn_user(Problem(fact, (*remedy, Option("items", [first]), ".")), DataWarning)
        return f"{start}."
    both = write_number(2 * r / (1 + r), bounded=True)
    return (
        f"{start}. Over clips the items correlate at r = {shown}, so that their mean has an "
        f"internal consistency (Spearman–Brown; Eisinga et al., 2013) of {both}."
    )


def correlate_pair(ratings: pd.DataFrame, items: Sequence[str]) -> float:
    """Return the correlation of two items' clip means, within contexts where there are several."""
    from exprstats.measurement import average_raters

    means = average_raters(ratings).dropna(subset=list(items))
    values = means[list(items)]
    if "context" in means:
        values = values - values.groupby(means["context"]).transform("mean")
    if len(values) < 3 or (values.std() < 1e-12).any():
        return float("nan")
    return float(np.corrcoef(values.to_numpy(float), rowvar=False)[0, 1])
