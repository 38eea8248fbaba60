"""What the section on performance says at its edges. Words are exact."""

import numpy as np
import pandas as pd
import pytest

from exprstats.inference import compare_models
from exprstats.plots.performance import label_metrics
from exprstats.report import gather_analysis
from exprstats.report.sections.comparisons import describe_comparisons
from exprstats.report.sections.performance import describe_performance


@pytest.mark.parametrize(
    ("metric", "named"),
    [
        ("bias", "the smaller of the 2 models"),
        ("calibration_slope", "the closer to 1 of the 2 models"),
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


def judge(metric, models, *, binary=False):
    rng = np.random.default_rng(4)
    rows = pd.DataFrame({"clip": range(60), "subject": np.arange(60) // 4})
    rows["truth"] = rng.permutation([0.0, 1.0] * 30) if binary else rng.normal(size=60)
    made = [rows.assign(model=name, prediction=one(rows["truth"])) for name, one in models.items()]
    found = compare_models(pd.concat(made), metrics=metric, seed=1)
    return found, [
        "".join(run.text for run in text).replace("\xa0", " ")
        for text in (
            *describe_performance(gather_analysis(found)).sentences,
            *describe_comparisons(gather_analysis(found)).sentences,
        )
    ]


def test_models_that_are_equal_share_the_rank():
    models = {"lin": lambda y: y + 0.1, "shift": lambda y: y + 0.5, "odd": lambda y: np.sin(9 * y)}
    _, told = judge("correlation", models)
    assert "the highest of the 3 models, like that of " in told[0]


def test_a_rank_counts_only_the_models_that_have_the_metric():
    models = {"own": lambda y: y + np.sin(9 * y), "mean": lambda y: 0 * y}
    _, told = judge("correlation", models)
    assert "highest" not in told[0]
    models["other"] = lambda y: y + 9 * np.sin(9 * y)
    _, told = judge("correlation", models)
    assert "the higher of the 2 models that have one" in told[0]


def test_a_difference_that_never_varies_is_not_called_unreliable():
    models = {"perfect": lambda y: y, "zero": lambda y: 0 * y}
    found, told = judge(["uar", "kappa"], models, binary=True)
    row = found.table[found.table["headline"] & found.table["versus"].notna()].set_index("metric")
    assert row.loc["uar", "estimate"] == pytest.approx(0.5)
    assert row["p_value"].isna().all()
    told = " ".join(told)
    assert "not to be tested against that of zero" in told
    assert "not reliably different" not in told


def test_a_score_without_an_interval_is_told_without_one():
    models = {"perfect": lambda y: y, "zero": lambda y: 0 * y}
    _, told = judge("kappa", models, binary=True)
    assert told[0].endswith(
        "the κ of perfect was 1.000, the higher of the 2 models (Table performance, Figure "
        "performance)."
    )


def test_headings_begin_with_a_capital_and_people_keep_theirs():
    models = {"lin": lambda y: y + 0.1 * np.sin(y), "odd": lambda y: np.sin(9 * y)}
    found, told = judge(["spearman", "bias", "within1", "correlation_between"], models)
    assert "the Spearman correlation of" in " ".join(told)
    names = {name: label.name for name, label in label_metrics(found).items()}
    assert names["bias"] == "Bias" and names["within1"] == "Share within 1"
    assert names["correlation_between"].startswith("r between")
