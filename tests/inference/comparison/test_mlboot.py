"""mlboot's published examples, on other random draws.

Tolerance: printed estimates .0005 (three decimals); limits and p five joint Monte-Carlo errors of
2,000 draws on their side and 10,000 on ours.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.inference import compare_models

# One row a subject, on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:each .* has one row:exprstats.errors.DataWarning")


def stack_models(data, cluster):
    wide = pd.DataFrame(data)
    models = [name for name in wide.columns if name.startswith("model")]
    wide["clip"] = [f"c{row:04d}" for row in range(len(wide))]
    wide["cluster"] = wide[cluster].astype(str) if cluster else wide["clip"]
    return pd.concat(
        [
            wide[["clip", "cluster", "truth"]].assign(model=name, prediction=wide[name])
            for name in models
        ],
        ignore_index=True,
    )


@pytest.mark.parametrize(("example", "cluster"), [("rows", None), ("people", "person")])
def test_the_printed_results_come_out_within_monte_carlo_error(read_oracle, example, cluster):
    oracle = read_oracle("mlboot_examples")[example]
    table = stack_models(oracle["data"], cluster)
    options = {"cluster": "cluster", "draws": 10_000, "seed": 1, "compat": "mlboot"}
    ours = compare_models(table, metrics="mae", **options).table.set_index("term")
    printed = pd.DataFrame(oracle["printed"]).set_index("term")
    ours = ours.loc[printed.index]
    np.testing.assert_allclose(ours["estimate"], printed["estimate"], atol=0.0005)
    joint = np.sqrt(1 + 10_000 / 2_000)
    for side in ("low", "high"):
        reach = 5 * joint * ours[f"{side}_error"] + 0.0005
        assert ((ours[f"conf_{side}"] - printed[f"conf_{side}"]).abs() < reach).all()
    p_error = np.sqrt(ours["p_value"] * (2 - ours["p_value"]) / 2_000)
    away = (ours["p_value"] - printed["p_value"]).abs()
    assert (away < 5 * joint * p_error + 0.0015).all()
