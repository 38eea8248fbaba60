"""Which raters and clips hang together through shared ratings."""

from __future__ import annotations

import numpy as np


def count_blocks(clip: np.ndarray, rater: np.ndarray) -> int:
    """Return how many sets of raters and clips share nothing with each other.

    Parameters
    ----------
    clip, rater
        Codes (N,) of who rated what.

    Examples
    --------
    >>> count_blocks(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2]))
    1
    >>> count_blocks(np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3]))
    2
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_clips, n_raters = int(clip.max()) + 1, int(rater.max()) + 1
    size = n_clips + n_raters
    links = coo_array((np.ones(len(clip)), (clip, rater + n_clips)), shape=(size, size))
    return int(connected_components(links.tocsr(), directed=False, return_labels=False))
