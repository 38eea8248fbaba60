"""The real files, where EXPRSTATS_DATA names them."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def data_folder():
    place = os.environ.get("EXPRSTATS_DATA")
    if not place or not Path(place).is_dir():
        pytest.skip("EXPRSTATS_DATA does not name the folder of real data")
    return Path(place)
