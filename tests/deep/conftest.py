import json
from pathlib import Path

import numpy as np
import pytest

ORACLES = Path(__file__).parents[1] / "oracles" / "deep"


@pytest.fixture(autouse=True)
def single_thread(request):
    """Run on one thread, so that numbers do not depend on the machine's cores."""
    if not request.node.get_closest_marker("torch"):
        yield
        return
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def layouts():
    return json.loads((ORACLES / "layouts.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def people():
    """40 people of 5 clips each: a feature rises with the target within each clip."""
    rng = np.random.default_rng(7)
    y = rng.normal(size=200)
    clips = rng.normal(size=(200, 12, 3))
    clips[..., 1] += 2 * y[:, None] * np.linspace(-1, 1, 12)
    return clips, y, np.repeat([f"p{i:02d}" for i in range(40)], 5)
