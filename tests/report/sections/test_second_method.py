"""The sentence on a second method for differences of errors."""

import dataclasses

import numpy as np
import pandas as pd

import exprstats as ex
from exprstats.plots import label_metrics, name_contexts
from exprstats.report.analysis import gather_analysis
from exprstats.report.sections.comparisons import describe_comparisons, say_second


def compare(metrics="mae"):
    rng = np.random.default_rng(2)
    n = 60
    base = pd.DataFrame({"clip": [str(i) for i in range(n)], "truth": rng.standard_normal(n)})
    base["subject"] = [f"s{i // 3}" for i in range(n)]
    table = pd.concat(
        base.assign(model=name, prediction=w * base["truth"] + rng.normal(0, 0.3, n))
        for name, w in (("good", 0.9), ("poor", 0.0))
    )
    return ex.compare_models(table, metrics=metrics, seed=1, draws=250)


def tell(result, rows=None):
    rows = name_contexts(result.tidy()) if rows is None else rows
    said = say_second(rows, label_metrics(result), gather_analysis(result))
    texts = ["".join(str(getattr(part, "text", part)) for part in one) for one in said]
    return [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts]


def test_agreement_is_said():
    [text] = tell(compare())
    assert (
        "agrees: it leads to the same decisions at the .05 level, before adjustment, in the one"
        in text
    )
    assert "1.00 times those of the jackknife" in text


def test_disagreement_names_its_place():
    result = compare()
    rows = name_contexts(result.tidy())
    rows.loc[rows["method"].eq("ols_cluster"), "p_value"] = 0.4
    [text] = tell(result, rows)
    assert "decides differently at the .05 level, before adjustment, in 1 of 1 difference" in text
    assert "MAE in All (good − poor: p " in text
    assert "= .400" in text


def test_only_disagreement_is_a_caution():
    result = compare(["mae", "bias"])
    agreed = describe_comparisons(gather_analysis(result))
    assert "in both differences of mean errors" in str(agreed.sentences[-1])
    assert not any("second method" in str(one) for one in agreed.caveats)
    rows = result.table.assign(
        p_value=result.table["p_value"].mask(result.table["method"].eq("ols_cluster"), 0.4)
    )
    apart = describe_comparisons(gather_analysis(dataclasses.replace(result, table=rows)))
    assert any("decides differently" in str(one) for one in apart.caveats)
    assert not any("second method" in str(one) for one in apart.sentences)


def test_nothing_is_said_of_what_has_no_second_method():
    assert tell(compare("correlation")) == []
