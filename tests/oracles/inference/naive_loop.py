"""The cluster bootstrap as one would write it first: take the rows of every draw, row by row.

Imports numpy only; tests compare with it, and the benchmarks time it.
"""

import numpy as np


def rmse(truth, prediction):
    return np.sqrt(np.mean((truth - prediction) ** 2))


def mae(truth, prediction):
    return np.mean(np.abs(truth - prediction))


def correlation(truth, prediction):
    if len(truth) < 3 or np.std(truth) < 1e-12 or np.std(prediction) < 1e-12:
        return np.nan
    return np.corrcoef(truth, prediction)[0, 1]


METRICS = {"rmse": rmse, "mae": mae, "correlation": correlation}


def loop_draws(truth, predictions, clusters, drawn, metric):
    """Values (models, draws) of a metric for drawn clusters (draws, groups)."""
    groups = [np.flatnonzero(clusters == group) for group in range(drawn.shape[1])]
    values = np.empty((len(predictions), len(drawn)))
    for draw, taken in enumerate(drawn):
        rows = np.concatenate([groups[group] for group in taken])
        for model, prediction in enumerate(predictions):
            values[model, draw] = metric(truth[rows], prediction[rows])
    return values


def loop_left_out(truth, predictions, clusters, metric):
    """Values (models, groups) of a metric without each cluster."""
    count = clusters.max() + 1
    drawn = np.array([[g for g in range(count) if g != out] for out in range(count)])
    groups = [np.flatnonzero(clusters == group) for group in range(count)]
    values = np.empty((len(predictions), count))
    for out, kept in enumerate(drawn):
        rows = np.concatenate([groups[group] for group in kept])
        values[:, out] = [metric(truth[rows], prediction[rows]) for prediction in predictions]
    return values
