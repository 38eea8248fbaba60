"""Results small enough to know by heart, with the tidy columns of the real ones."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from exprstats.inference import list_metrics


@dataclass
class Told:
    """What a figure reads of a result."""

    table: pd.DataFrame
    samples: tuple = ()
    cluster: str = "subject"
    level: float = 0.95

    def tidy(self):
        return self.table.copy()


@dataclass
class Sample:
    metric: object


def build_comparison(contexts=("startle", None), models=("elastic", "mean")):
    rows = []
    for place, context in enumerate(contexts):
        for metric in ("nrmse", "correlation"):
            for rank, model in enumerate(models):
                estimate = 0.1 + 0.05 * rank + 0.01 * place
                if model == "mean" and metric == "correlation":
                    estimate = np.nan
                row = {"context": context, "metric": metric, "model": model, "versus": None}
                for method in ("percentile", "jackknife"):
                    limits = {"conf_low": estimate - 0.02, "conf_high": estimate + 0.03}
                    headline = {"headline": method == "percentile", "method": method}
                    rows.append(row | {"estimate": estimate, **limits, **headline})
            pair = {"model": models[0], "versus": models[-1], "estimate": 9.0, "conf_low": 8.0}
            rows.append(
                {"context": context, "metric": metric, **pair, "conf_high": 10.0, "headline": True}
            )
    metrics = list_metrics()
    samples = tuple(Sample(metrics[name]) for name in ("nrmse", "correlation"))
    return Told(pd.DataFrame(rows), samples)


def build_models(features=("count", "speed"), contexts=("startle", None), weights=None):
    weights = weights or [0.35, -0.1, 0.2, 0.0]
    rows = [
        {"context": context, "term": "weight", "feature": feature}
        for context in contexts
        for feature in features
    ]
    rows = [row | {"estimate": weight} for row, weight in zip(rows, weights, strict=False)]
    rows.append({"context": None, "term": "intercept", "feature": None, "estimate": 7.0})
    return Told(pd.DataFrame(rows))


@pytest.fixture
def make_comparison():
    return build_comparison


@pytest.fixture
def make_models():
    return build_models


@pytest.fixture
def make_result():
    return Told
