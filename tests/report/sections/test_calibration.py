"""What the section on calibration says of slopes, few people and flat predictions."""

import numpy as np
import pandas as pd
import pytest

from exprstats.inference import calibrate_models
from exprstats.report import gather_analysis
from exprstats.report.sections.calibration import describe_calibration


def describe(slope, *, subjects=40, flat=False):
    rng = np.random.default_rng(1)
    n = subjects * 4
    rows = pd.DataFrame({"clip": range(n), "subject": np.arange(n) // 4, "model": "net"})
    rows["prediction"] = 0.5 if flat else rng.normal(size=n)
    rows["truth"] = slope * rows["prediction"] + 0.3 * rng.normal(size=n)
    section = describe_calibration(gather_analysis(calibrate_models(rows)))
    told = "".join(run.text for run in section.sentences[0]).replace("\N{NO-BREAK SPACE}", " ")
    return section, told


@pytest.mark.parametrize(
    ("slope", "said"),
    [
        (0.5, "below 1: its predictions are too extreme"),
        (1.0, "not reliably different from 1, at which predictions mean what they say"),
        (1.8, "above 1: its predictions are too cautious"),
    ],
)
def test_the_slope_is_judged_by_its_interval(slope, said):
    section, told = describe(slope)
    assert said in told
    assert "the truth is expected within ± " in told
    assert section.tables[0].name == section.figures[0].name == "calibration"
    section.figures[0].draw()


def test_few_people_have_no_limits_and_flat_predictions_no_slope():
    section, told = describe(0.5, subjects=10)
    assert "is expected within" not in told
    notes = " ".join("".join(run.text for run in note) for note in section.tables[0].notes)
    assert "10 subjects are too few for 95% limits, which need 19" in notes.replace("\xa0", " ")
    section, told = describe(1.0, flat=True)
    assert "has no calibration slope, because its predictions do not vary" in told
    assert not section.figures
