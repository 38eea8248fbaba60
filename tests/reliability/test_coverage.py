"""How often the intervals hold the truth, on simulated crowds.

The truth of ICC(1,k) follows from the components that were drawn from. The reduced form allows
four Monte-Carlo standard errors around the nominal level and shows that the F interval, which
takes clips as independent, misses by more than that.
"""

import numpy as np
import pytest

from exprstats.reliability.estimates import analyse_panel
from exprstats.reliability.panels import Panel


def draw_panel(rng, *, subjects, clips, workers, share, severity):
    """Draw 3–6 ratings a clip: clip variance 1 (``share`` between subjects), error variance 1."""
    subject = np.repeat(np.arange(subjects), clips)
    level = rng.normal(0, share**0.5, subjects)[subject]
    level = level + rng.normal(0, (1 - share) ** 0.5, subject.size)
    counts = rng.integers(3, 7, subject.size)
    clip = np.repeat(np.arange(subject.size), counts)
    ranks = np.argsort(rng.random((subject.size, workers)), axis=1)
    rater = np.concatenate([ranks[i, :k] for i, k in enumerate(counts)])
    bias = rng.normal(0, severity**0.5, workers)[rater]
    rating = level[clip] + bias + rng.normal(0, (1 - severity) ** 0.5, clip.size)
    return Panel(None, "x", rating, clip, rater, subject[clip], np.arange(clip.size), 0), counts


def measure_coverage(draws, seed=1, **design):
    """Return the share of draws whose F and cluster interval hold ICC(k), k = n0."""
    rng = np.random.default_rng(seed)
    held = np.zeros((draws, 2))
    for draw in range(draws):
        panel, _ = draw_panel(rng, **design)
        analysis = analyse_panel(panel, 0.95)
        k = analysis.families[0].base
        truth = k / (k + 1)
        held[draw] = [way.low <= truth <= way.high for way in analysis.families[0].intervals]
    return held.mean(axis=0)


@pytest.mark.parametrize(
    ("share", "severity", "f_fails"), [(0.0, 0.0, False), (0.8, 0.0, True), (0.5, 0.4, True)]
)
def test_cluster_interval_holds_where_the_f_interval_fails(share, severity, f_fails):
    draws = 300
    by_f, by_cluster = measure_coverage(
        draws, subjects=40, clips=10, workers=40, share=share, severity=severity
    )
    error = (0.95 * 0.05 / draws) ** 0.5
    assert by_cluster > 0.95 - 4 * error
    assert (by_f < 0.95 - 4 * error) == f_fails
