"""Correlation within clusters by a second package, and the sentence on both.

Tolerance: 1e-8 between pingouin's regression and centred values; 1e-9 for Fisher's interval.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from exprstats.inference import compare_models
from exprstats.report.sections.intervals import say_repeated


@pytest.fixture(scope="module")
def predictions():
    rng = np.random.default_rng(4)
    rows = pd.DataFrame({"clip": range(90), "subject": np.arange(90) // 6})
    level = 3 * rng.normal(size=15)[rows["subject"]]
    rows["truth"] = level + rng.normal(size=90)
    models = {"net": -level + 0.6 * rows["truth"] + rng.normal(size=90), "flat": level}
    return pd.concat([rows.assign(model=name, prediction=one) for name, one in models.items()])


@pytest.mark.parametrize("level", [0.95, 0.9])
def test_repeated_measures_correlation_stands_beside_ours(predictions, level):
    found = compare_models(
        predictions, metrics="correlation_within", draws=200, seed=1, level=level
    ).table
    own = predictions[predictions["model"] == "net"]
    values = own[["truth", "prediction"]]
    centred = values - own.groupby("subject")[["truth", "prediction"]].transform("mean")
    r = np.corrcoef(centred.to_numpy().T)[0, 1]
    rows = found[found["term"] == "net"].set_index("method")
    assert rows.loc["rm_corr", "estimate"] == pytest.approx(r, abs=1e-8)
    assert rows.loc["jackknife", "estimate"] == pytest.approx(r, abs=1e-12)
    reach = norm.ppf(0.5 + level / 2) / np.sqrt(90 - 15 - 1 + 2 - 3)
    limits = np.tanh(np.arctanh(r) + np.array([-reach, reach]))
    shown = rows.loc["rm_corr", ["conf_low", "conf_high"]].astype(float)
    np.testing.assert_allclose(shown, limits, atol=1e-9)
    assert not rows.loc["rm_corr", "headline"]
    # What does not vary within subjects has no such correlation, here as there.
    assert set(found.loc[found["method"] == "rm_corr", "term"]) == {"net"}


def test_other_metrics_and_many_clusters_have_no_second_row(predictions):
    found = compare_models(predictions, metrics=["rmse", "correlation"], draws=200, seed=1).table
    assert not found["method"].eq("rm_corr").any()


def test_the_sentence_says_whether_both_agree(predictions):
    own = predictions[predictions["model"] == "net"]
    rows = compare_models(own, metrics="correlation_within", draws=200, seed=1).table
    shown = rows[rows["headline"]]

    def say(rows):
        return " ".join("".join(map(str, one)) for one in say_repeated(rows, shown))

    assert "agrees on" in say(rows)
    odd = rows.assign(estimate=rows["estimate"].where(rows["method"] != "rm_corr", 0.0))
    assert "differs in" in say(odd)
    assert say(rows[rows["method"] != "rm_corr"]) == ""
