"""Small simulated reactions to videos, and a plain jackknife over videos as a witness."""

import numpy as np
import pytest
from scipy import stats

from exprstats.simulate import simulate_evoked

EXPRESSIONS = ["amusement", "concentration", "interest", "surprise"]


@pytest.fixture(scope="session")
def study():
    return simulate_evoked(videos=60, seed=4)


@pytest.fixture(scope="session")
def jackknife():
    """Return limits of a statistic by leaving out one video after the other."""

    def run(statistic, videos, *, there=lambda x: x, back=lambda x: x, level=0.95):
        values = np.array([there(statistic([v for v in videos if v != one])) for one in videos])
        count = len(videos)
        error = np.sqrt((count - 1) / count * ((values - values.mean()) ** 2).sum())
        reach = stats.t.ppf((1 + level) / 2, count - 1) * error
        centre = there(statistic(list(videos)))
        return back(centre - reach), back(centre + reach)

    return run
