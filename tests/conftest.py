"""What the markers mean: ``r`` needs a live R, ``data`` the real files under EXPRSTATS_DATA.

``@pytest.mark.r("lme4", "psych")`` names the R packages beside lavaan that a test needs. With
EXPRSTATS_REQUIRE_R=1 a test that lacks its R is a failure.
"""

import os
from pathlib import Path

import pytest

from exprstats.rbridge import probe_r


def pytest_runtest_setup(item):
    marker = item.get_closest_marker("r")
    if marker:
        reason = _say_why_no_r(marker.args)
        if reason and os.environ.get("EXPRSTATS_REQUIRE_R") == "1":
            pytest.fail(f"{reason} EXPRSTATS_REQUIRE_R is 1, so this is no reason to skip.")
        if reason:
            pytest.skip(reason)
    if item.get_closest_marker("data"):
        folder = os.environ.get("EXPRSTATS_DATA")
        if not folder:
            pytest.skip("EXPRSTATS_DATA is not set")
        if not Path(folder).is_dir():
            pytest.skip(f"EXPRSTATS_DATA is '{folder}', which is no folder")


def _say_why_no_r(packages):
    state = probe_r()
    if not state.ready:
        return f"{state.problem} {state.cure}"
    absent = [name for name in ("lavaan", *packages) if name not in state.packages]
    return f"R lacks {', '.join(absent)}" if absent else ""
