"""What the section on performance says at its edges. Words are exact."""

import numpy as np
import pandas as pd
import pytest

from exprstats.inference import compare_models
from exprstats.report import gather_analysis
from exprstats.report.sections.performance import describe_performance


@pytest.mark.parametrize(
    ("metric", "named"),
    [
        ("bias", "the smallest of the 2 models"),
        ("calibration_slope", "the closest to 1 of the 2 models"),
        (lambda y, p: float(np.abs(y - p).max()), ""),
    ],
)
def test_the_best_of_metrics_without_a_low_or_high_end_is_the_nearest(metric, named):
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"clip": range(60), "subject": np.arange(60) // 4})
    rows["truth"] = rng.normal(size=60)
    models = {"cold": rows["truth"] - 0.9, "warm": 1.6 * rows["truth"] + 0.3}
    rows = pd.concat([rows.assign(model=name, prediction=one) for name, one in models.items()])
    section = describe_performance(gather_analysis(compare_models(rows, metrics=metric, seed=1)))
    told = "".join(run.text for run in section.sentences[0])
    assert named in told
    assert "of the 2 models" in told or not named
    best = {"bias": "warm was 0.27", "calibration_slope": "cold was 1.0"}.get(metric, "")
    assert best in told
