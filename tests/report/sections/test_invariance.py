"""Equal contexts and equal items, as printed. Cells against the steps of the results."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from exprstats.document.text import write_plain
from exprstats.measurement import NestedModels, Receipt, average_raters, bootstrap_factor
from exprstats.report import build_document, gather_analysis

_STEP = {"srmr": 0.02, "rmsea_low": 0.01, "rmsea_high": 0.09, "n_clips": 90}


def build_nested(models, p_change, contexts=(None,)):
    """Return nested models with two degrees of freedom a step."""
    steps, rows = [], []
    for context in contexts:
        for place, model in enumerate(models):
            first = place == 0
            step = {"context": context, "model": model, "df": 2.0 * place, **_STEP}
            step |= {"versus": None if first else models[place - 1]}
            step |= {"chisq": np.nan if first else 10.0 * place, "p_value": 0.01, "cfi": 0.99}
            step |= {"rmsea": np.nan if first else 0.05, "method_change": None}
            step |= {"chisq_change": np.nan if first else 10.0, "cfi_change": -0.01}
            step |= {"df_change": np.nan if first else 2.0, "rmsea_change": 0.002}
            step |= {"p_change": np.nan if first else p_change[place - 1]}
            steps.append(step)
            rows.append({"context": context, "model": model, "term": "chisq", "estimate": 1.0})
    receipt = Receipt("lavaan", "lavaan::cfa(...)", {"lavaan": "0.6"})
    return NestedModels(pd.DataFrame(rows), pd.DataFrame(steps), 0.95, receipt)


def read_section(results):
    document = build_document(gather_analysis(results, None))
    return next(section for section in document.sections if section.name == "measurement")


def read_words(section):
    texts = [*section.sentences, *section.caveats]
    texts += [note for table in section.tables for note in table.notes]
    return " ".join(write_plain(text) for text in texts).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("p_change", "verdict"),
    [((0.4, 0.3, 0.01), "was not rejected here"), ((0.4, 0.01, 0.3), "was rejected here")],
)
def test_scores_are_comparable_under_scalar_invariance_only(p_change, verdict):
    models = build_nested(("configural", "metric", "scalar", "strict"), p_change)
    section = read_section([models])
    assert f"which {verdict}; predictions" in read_words(section)
    assert section.tables[0].name == "invariance"
    cells = section.tables[0].cells
    assert cells["model"].tolist()[0] == "Configural"
    assert cells["chisq"].tolist() == ["—", "10.00", "20.00", "30.00"]
    assert cells["p_change"].tolist()[1:] == [f".{round(1000 * p):03d}" for p in p_change]
    assert cells["df"].tolist() == ["0", "2", "4", "6"]


def test_items_are_tested_in_each_context_and_told_over_all():
    models = build_nested(("congeneric", "tau-equivalent"), (0.4,), contexts=("pain", None))
    section = read_section([models])
    assert section.tables[0].name == "restrictions"
    assert section.tables[0].group == "context"
    words = read_words(section)
    assert "equal loadings held (Table 1, with each context)." in words
    assert "Context pain" not in words
    assert "fits perfectly and cannot be tested" in words


def test_both_kinds_go_into_one_report_and_two_of_a_kind_are_refused():
    across = build_nested(("configural", "metric"), (0.4,))
    within = build_nested(("congeneric", "tau-equivalent"), (0.4,))
    assert [table.name for table in read_section([across, within]).tables] == [
        "invariance",
        "restrictions",
    ]
    with pytest.raises(ValueError, match="two results of kind NestedModels"):
        gather_analysis([across, across], None)


def test_the_jackknife_is_named_where_subjects_are_in_several_contexts():
    models = build_nested(("configural", "metric"), (0.4,))
    steps = models.steps.assign(method_change=[None, "jackknife"])
    section = read_section([replace(models, steps=steps)])
    assert "jackknife over clusters" in read_words(section)
    assert "T²(2) = 10.00, p = .400" in read_words(section)


def test_tests_that_take_clips_of_one_person_as_independent_are_warned_of(plain):
    models = build_nested(("configural", "metric"), (0.4,))
    section = read_section([models, plain.factor])
    clips = len(plain.ratings[["context", "clip"]].drop_duplicates())
    assert f"take clips as independent, but the {clips} clips show 24 subjects" in read_words(
        section
    )
    assert "which take clips, also those of different contexts, as independent." in read_words(
        section
    )
    clustered = replace(models, steps=models.steps.assign(n_clusters=24))
    words = read_words(read_section([clustered, plain.factor]))
    assert "as independent, but the" not in words
    assert "by differences of χ², scaled for clusters (Satorra & Bentler, 2001)" in words
    assert "as independent, but the" not in read_words(read_section([plain.factor]))
    items = build_nested(("congeneric", "tau-equivalent"), (0.4,))
    assert "by differences of χ², which take clips as independent." in read_words(
        read_section([items])
    )


def test_loadings_with_cluster_intervals_and_their_differences(plain):
    table = average_raters(plain.ratings)
    names = ["response", "emotion", "motion"]
    resampled = bootstrap_factor(table, items=names, by="context", draws=100, seed=1)
    section = read_section([resampled])
    cells = section.tables[0].cells
    assert list(dict.fromkeys(cells["group"])) == ["startle", "pain", "All", "startle − pain"]
    rows = resampled.table[resampled.table["headline"] & resampled.table["versus"].notna()]
    own = rows[rows["item"].eq("motion") & rows["term"].eq("loading")].iloc[0]
    printed = cells[cells["group"].eq("startle − pain") & cells["what"].eq("motion")].iloc[0]
    sign = "−" if own["estimate"] < 0 else ""
    assert printed["estimate"] == f"{sign}{abs(own['estimate']):.3f}".replace("0.", ".", 1)
    assert "Table 1)." in read_words(section)
