"""Maps of expressive moments by t-SNE, with the trustworthiness of their neighbourhoods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import write_number
from exprstats.contracts import check_table
from exprstats.document.text import join_words
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.expressions.estimates import ESTIMATES
from exprstats.expressions.moments import spread_moments
from exprstats.options import check_count
from exprstats.parallel import Seed, limit_threads, report_progress, spawn_seeds
from exprstats.results import Result

NEIGHBOURS = 5  # of which trustworthiness is told
MOST = 5000  # moments of a map
FEWEST = 11  # moments: trustworthiness needs more than twice the neighbours


@dataclass(frozen=True, slots=True, eq=False)
class ExpressionMap(Result):
    """Two coordinates of each moment; `map_expressions` makes it.

    Attributes
    ----------
    table
        One row a modality and perplexity: ``term`` ``trustworthiness``, ``estimate`` (1: all
        neighbours on the map are neighbours among the scores), ``n_clips``.
    points
        One row a moment and perplexity: its keys, ``top`` (its highest emotion), ``x`` and ``y``.
    """

    place: ClassVar[str] = "maps"
    table: pd.DataFrame
    points: pd.DataFrame

    def export(self) -> dict[str, Any]:
        """Return the trustworthiness, and the points."""
        return {"maps": self.tidy(), "maps_points": self.points}

    def glance(self) -> pd.DataFrame:
        """Return one row: moments and maps."""
        return pd.DataFrame([{"maps": len(self.table), "points": len(self.points)}])

    def sentence(self) -> str:
        """Return the trustworthiness of the maps, by modality."""
        texts = []
        for modality, rows in self.table.groupby("modality", sort=False):
            told = [
                f"{write_number(row['estimate'], bounded=True)} at perplexity {row['perplexity']:g}"
                for row in rows.to_dict("records")
            ]
            texts.append(f"The trustworthiness of the map of {modality} is {join_words(told)}.")
        return " ".join(texts)


def map_expressions(
    estimates: pd.DataFrame,
    *,
    perplexities: Sequence[float] = (10, 30, 50),
    most: int = MOST,
    seed: Seed = 1,
) -> ExpressionMap:
    """Lay moments of expression out on maps by t-SNE, one for each modality and perplexity.

    Parameters
    ----------
    estimates
        ESTIMATES, from `read_estimates`; moments with gaps are left out.
    perplexities
        Effective numbers of neighbours; those of a third of the moments or more are left out.
        What all maps show is in the data, what one shows may be in its perplexity.
    most
        Moments of a modality on a map; of more, so many are drawn at random, which the rows note.
    seed
        Of the optimisation, which starts from principal components, and of the draw.

    Returns
    -------
    ExpressionMap
        Points, and the trustworthiness of each map over five neighbors.

    Raises
    ------
    DataError
        If no modality has moments enough.
    OptionError
        If a perplexity is not positive.

    References
    ----------
    van der Maaten, L., & Hinton, G. (2008). Visualizing data using t-SNE. *Journal of Machine
    Learning Research, 9*, 2579–2605.

    Venna, J., & Kaski, S. (2001). Neighborhood preservation in nonlinear projection methods. In
    *ICANN 2001* (pp. 485–491). Springer.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> wide = pd.DataFrame(rng.normal(size=(40, 3)), columns=["Joy", "Fear", "Awe"])
    >>> wide = wide.assign(id="a", modality="face", time=range(40))
    >>> long = wide.melt(["id", "modality", "time"], var_name="emotion", value_name="score")
    >>> len(map_expressions(long, perplexities=[10]).points)
    40
    """
    from sklearn.manifold import TSNE, trustworthiness

    check_table(estimates, ESTIMATES)
    if not perplexities or not all(0 < one < np.inf for one in perplexities):
        message = f"perplexities {list(perplexities)} must be positive numbers, such as 10, 30, 50."
        raise OptionError(message, option="perplexities")
    check_count(most, "most", least=FEWEST)
    stream, other = spawn_seeds(seed, 2)
    draws = np.random.default_rng(other)
    start = int(stream.generate_state(1)[0] % 2**31)
    rows, points = [], []
    for modality in map(str, estimates["modality"].unique()):
        moments = spread_moments(estimates[estimates["modality"].eq(modality)])
        whole = np.isfinite(moments.scores).all(axis=1)
        scores, keys = moments.scores[whole], moments.keys[whole].reset_index(drop=True)
        if len(scores) < FEWEST or scores.shape[1] < 2:
            continue
        count, note = len(scores), None
        if count > most:
            drawn = np.sort(draws.choice(count, most, replace=False))
            scores, keys = scores[drawn], keys.iloc[drawn].reset_index(drop=True)
            note = f"{most:,} of {count:,} moments, drawn at random"
        keys = keys.assign(top=np.array(moments.emotions)[scores.argmax(axis=1)])
        usable = [float(one) for one in perplexities if 3 * one < len(scores)]
        for place, perplexity in enumerate(usable or [max(len(scores) // 4, 1.0)]):
            report_progress(f"Map of {modality}", place, max(len(usable), 1))
            tool = TSNE(perplexity=perplexity, init="pca", random_state=start, n_jobs=1)
            with limit_threads():
                found = tool.fit_transform(scores)
            trust = float(trustworthiness(scores, found, n_neighbors=NEIGHBOURS))
            rows.append(
                {
                    "modality": modality,
                    "perplexity": perplexity,
                    "term": "trustworthiness",
                    "estimate": trust,
                    "n_clips": len(scores),
                    "note": note,
                }
            )
            points.append(keys.assign(perplexity=perplexity, x=found[:, 0], y=found[:, 1]))
    if not rows:
        fact = f"no modality has {FEWEST} moments with scores of two emotions."
        raise DataError(Problem(fact, ("Keep more of them with ", Option("emotions"), ".")))
    return ExpressionMap(pd.DataFrame(rows), pd.concat(points, ignore_index=True))
