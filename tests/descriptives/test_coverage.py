"""Coverage of the cluster intervals of differences between means, with known truth.

People differ in their level and in their own difference, have 1 to 4 clips of a context, and lack
every fourth cell. Monte Carlo SE of a coverage of .95 is .011 with 400 studies; bounds are 3 SE.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.descriptives.moments import limit_clip_means

TRUTH = 0.4


def draw_study(rng, *, people, apart):
    rows = []
    for person in range(people):
        level = rng.normal()
        for context, shift in (("a", 0.0), ("b", -TRUTH)):
            if apart and (person < people // 3) == (context == "b"):
                continue
            if not apart and rng.random() < 0.25:
                continue
            own = level + shift + 0.6 * rng.normal()
            rows += [(f"s{person}", context, own + rng.normal()) for _ in range(rng.integers(1, 5))]
    table = pd.DataFrame(rows, columns=["subject", "context", "y"])
    return table.assign(group="")


def count_covered(studies, **design):
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(studies):
        rows = limit_clip_means(draw_study(rng, **design), ["a", "b"], [], 0.95)
        row = next(row for row in rows if row["term"] == "difference")
        held += row["conf_low"] <= TRUTH <= row["conf_high"]
    return held / studies


@pytest.mark.parametrize("apart", [False, True])
def test_intervals_hold_with_cells_missing_and_with_other_people(apart):
    # Three standard errors of 400 studies.
    assert abs(count_covered(400, people=24, apart=apart) - 0.95) < 0.033


@pytest.mark.slow
@pytest.mark.parametrize("people", [12, 24, 80])
@pytest.mark.parametrize("apart", [False, True])
def test_intervals_hold_in_long_simulations(people, apart):
    assert abs(count_covered(4000, people=people, apart=apart) - 0.95) < 0.02
