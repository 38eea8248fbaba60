"""Real predictions (UFNet: one score for each participant) against scikit-learn and DeLong.

Tolerance 1e-10 for the AUC. DeLong's variance is the jackknife's for unclustered rows up to terms
of order 1/n: asked within 2 %.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from exprstats.inference import compare_models

# One row a subject, on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:each .* has one row:exprstats.errors.DataWarning")


@pytest.fixture(scope="module")
def smiles():
    path = Path(os.environ["EXPRSTATS_DATA"]) / "predictions" / "ufnet"
    rows = pd.read_csv(path / "demography_and_predictions_final_model.csv").dropna(subset=["Age"])
    table = pd.DataFrame({"clip": rows["id"].astype(str), "truth": rows["label"]})
    table["subject"] = table["clip"]
    models = {"network": rows["pred_score"], "age": rows["Age"]}
    return pd.concat(
        [table.assign(model=name, prediction=values) for name, values in models.items()],
        ignore_index=True,
    ).drop_duplicates(["clip", "model"])


def estimate_delong(truth, score):
    ones, others = score[truth == 1], score[truth == 0]
    above = (ones[:, None] > others) + 0.5 * (ones[:, None] == others)
    return np.sqrt(
        above.mean(axis=1).var(ddof=1) / len(ones) + above.mean(axis=0).var(ddof=1) / len(others)
    )


@pytest.mark.data
def test_a_real_classifier_is_judged_as_scikit_learn_and_delong_do(smiles):
    result = compare_models(smiles, metrics=["auc", "average_precision"], draws=2000, seed=1)
    for name, known in (("auc", roc_auc_score), ("average_precision", average_precision_score)):
        for model, rows in smiles.groupby("model"):
            mine = (result.table["metric"] == name) & (result.table["term"] == model)
            found = result.table[mine].set_index("method")
            value = known(rows["truth"], rows["prediction"])
            assert found.loc["jackknife", "estimate"] == pytest.approx(value, rel=1e-10)
            if name == "auc":
                error = estimate_delong(rows["truth"].to_numpy(), rows["prediction"].to_numpy())
                assert found.loc["jackknife", "std_error"] == pytest.approx(error, rel=0.02)
                assert found.loc["percentile", "std_error"] == pytest.approx(error, rel=0.08)
    difference = result.table.query("metric == 'auc' and versus == 'age' and headline").iloc[0]
    assert difference["estimate"] > 0
    assert difference["conf_low"] < difference["estimate"] < difference["conf_high"]
