"""The real audience data: 40 people, 3 contexts, 17 action units (exact counts; errors to 1e-6)."""

import os
from pathlib import Path

import pandas as pd
import pytest
from sklearn.linear_model import ElasticNet, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from exprstats.models import fit_elastic, split_subjects

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def clips():
    folder = os.environ["EXPRSTATS_DATA"]
    path = Path(folder) / "prepared" / "audience_alone.csv"
    return pd.read_csv(path, dtype={"clip": str, "subject": str, "context": str})


def test_the_three_contexts_and_all_clips(clips):
    features = [name for name in clips if name.startswith("AU")]
    parts = split_subjects(clips, seed=1)
    models = fit_elastic(clips, target="pleasantness", features=features, parts=parts, by="context")
    assert len(features) == 17
    assert parts["part"].value_counts().to_dict() == {"train": 24, "validate": 8, "test": 8}
    assert len(models.grid) == 4 * 55
    pooled = models.grid[models.grid["context"].isna() & models.grid["chosen"]].iloc[0]
    rows = clips.merge(parts, on="subject")
    train, validate = (rows[rows["part"] == part] for part in ("train", "validate"))
    model = (
        Ridge(alpha=pooled["alpha"] * len(train))
        if pooled["l1_ratio"] == 0
        else ElasticNet(
            alpha=pooled["alpha"], l1_ratio=pooled["l1_ratio"], tol=1e-7, max_iter=10_000
        )
    )
    peer = make_pipeline(StandardScaler(), model).fit(train[features], train["pleasantness"])
    missed = peer.predict(validate[features]) - validate["pleasantness"]
    assert pooled["rmse_validate"] == pytest.approx((missed**2).mean() ** 0.5, abs=1e-6)
