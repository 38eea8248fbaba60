"""How often the demonstration's intervals hold the truth, and what README says of it.

Tolerances: counts of one study are exact; shares over 20 studies within 3 standard errors over
studies, of the stored table's own, since other versions of packages draw other forests.
"""

import re
import runpy
from pathlib import Path

import pandas as pd
import pytest

HERE = Path(__file__).parent
README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(HERE / "simulate_demonstrations.py"))


@pytest.fixture(scope="module")
def stored(script):
    return pd.read_csv(script["TABLE"])


def test_readme_quotes_the_average_of_all_seeds(stored):
    text = README.read_text(encoding="utf-8").partition("Over 20 demonstrations")[2]
    shares = [float(one) for one in re.findall(r"([\d.]+)%", text.partition("- With three")[0])]
    whole = stored.iloc[0]
    order = ["reliability of clip means", "loading", "NRMSE of models", "correlation of models"]
    order += ["NRMSE of raters", "correlation of raters"]
    held = stored.set_index("kind")["held"]
    assert shares == pytest.approx([100 * whole["held"], *(100 * held[one] for one in order)])
    assert f"{whole['intervals']:,} intervals" in " ".join(text.split())
    assert whole["studies"] == 20


def test_no_kind_holds_less_often_than_it_says(stored):
    # Intervals of raters may hold more often: their variance is never below that over subjects.
    assert ((0.95 - stored["held"]) / stored["error"] < 3).all()


def test_counting_by_kind_is_a_loop(script):
    rows = pd.DataFrame(
        {
            "study": [1, 1, 2, 2, 2],
            "model": ["net", "human", "net", None, "human"],
            "metric": ["nrmse", "nrmse", "nrmse", None, "correlation"],
            "term": ["net", "human", "net", "loading", "human"],
            "method": ["jackknife"] * 5,
            "inside": [True, False, False, True, None],
        }
    )
    kinds = ["NRMSE of models", "NRMSE of raters", "NRMSE of models", "loading"]
    assert list(script["name_kinds"](rows)) == [*kinds, "correlation of raters"]
    found = script["count_held"](rows).set_index("kind")
    assert found["intervals"].to_dict() == {
        "all": 4, "NRMSE of models": 2, "NRMSE of raters": 1, "loading": 1,
    }  # fmt: skip
    assert found.loc["NRMSE of models", "held"] == 0.5


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::exprstats.errors.DataWarning")
def test_twenty_studies_hold_what_the_table_says(script, stored):
    run = script["run_demonstration"]
    found = script["count_held"](pd.concat([run(seed) for seed in range(1, 21)]))
    assert found["intervals"].tolist() == stored["intervals"].tolist()
    apart = (found["held"] - stored["held"]).abs() / stored["error"]
    assert (apart <= 3).all()
