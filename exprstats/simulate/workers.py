"""Who rates which clip: a few workers rate much, many rate little."""

from __future__ import annotations

import numpy as np

_CELLS = 4_000_000


def measure_activity(rng: np.random.Generator, workers: int) -> np.ndarray:
    """Return (w,) how readily each worker takes a clip: log-normal, as crowds are."""
    return np.exp(0.7 * rng.standard_normal(workers))


def assign_workers(
    rng: np.random.Generator, counts: np.ndarray, activity: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give every clip its number of different workers, the active ones more often.

    Parameters
    ----------
    rng
        Source of chance.
    counts
        (n,) raters of each clip, none above the number of workers.
    activity
        (w,) positive weights of the workers.

    Returns
    -------
    tuple
        Clip and worker positions, (Σ counts,) each, by clip and then by worker.

    Notes
    -----
    Each worker runs an exponential race at a rate of their activity; the first to arrive rate
    the clip (Efraimidis & Spirakis, 2006).
    """
    most = int(counts.max())
    step = max(1, _CELLS // len(activity))
    chosen = []
    for start in range(0, len(counts), step):
        size = min(step, len(counts) - start)
        times = rng.standard_exponential((size, len(activity)), np.float32)
        times /= activity.astype(np.float32)
        first = np.argpartition(times, most - 1, axis=1)[:, :most]
        order = np.take_along_axis(times, first, axis=1).argsort(axis=1)
        chosen.append(np.take_along_axis(first, order, axis=1))
    kept = np.arange(most) < counts[:, None]
    clip, seat = np.nonzero(kept)
    worker = np.concatenate(chosen)[clip, seat]
    order = np.lexsort((worker, clip))
    return clip[order], worker[order]
