"""Words and cells of the section on estimates: bins of adverbs, comparisons, and time."""

import numpy as np
import pandas as pd
import pytest

import exprstats as ex
from exprstats.document.text import write_plain
from exprstats.report import describe_results, gather_analysis


@pytest.fixture(scope="module")
def study():
    return ex.simulate_estimates(speakers=6, seed=1).estimates


def describe(*results):
    [section] = describe_results(gather_analysis(results))
    told = [write_plain(one).replace("\N{NO-BREAK SPACE}", " ") for one in section.sentences]
    return {table.name: table for table in section.tables}, told, section.figures


def test_bins_are_printed_once_where_all_modalities_share_them(study):
    tables, told, _ = describe(ex.write_sentences(study))
    cells = tables["estimates_adverbs"].cells
    assert cells["modality"].unique().tolist() == ["all modalities"] and len(cells) == 6
    assert cells[["low", "high"]].iloc[[0, -1]].to_numpy().tolist() == [
        [".260", ".350"],
        [".710", ""],
    ]
    assert "they suit scores of faces" in write_plain(tables["estimates_adverbs"].notes[0])
    assert "thresholds" in told[0] and "See Table estimates_adverbs." in told[-1]
    tables, *_ = describe(ex.write_sentences(study, thresholds="quantile"))
    assert tables["estimates_adverbs"].cells["modality"].nunique() == 2


def test_data_sets_and_modalities_are_compared_in_one_table(study):
    tables, told, [figure] = describe(ex.compare_structure(study, by="context", draws=19, seed=1))
    cells = tables["estimates_structure"].cells
    assert cells[["pair", "within"]].to_numpy().tolist() == [
        ["laboratory and home", "face"],
        ["laboratory and home", "prosody"],
        ["face and prosody", "laboratory"],
        ["face and prosody", "home"],
    ]
    assert told[0].count("expected if equal, ") == 4
    assert told[0].count("do not clearly differ") == 4
    assert "emotions in home do not clearly differ between face and prosody: " in told[0]
    assert figure.name == "estimates_structure"


def test_reliability_over_time_is_of_the_leading_emotions(study):
    result = ex.rate_estimates(study, by="context")
    tables, _, [figure] = describe(result)
    cells = tables["estimates_time"].cells
    assert cells["place"].unique().tolist() == ["face, laboratory", "face, home"]
    rows = result.tidy().query("term == 'stability' and context == 'home'").set_index("emotion")
    first = cells[cells["place"].eq("face, home")].iloc[0]
    wanted = f"{rows.loc[first['emotion'], 'estimate']:.2f}".removeprefix("0")
    assert first["halves"] == wanted and figure.name == "estimates_distributions"
    # The order of data sets is that of the estimates in every table.
    assert tables["estimates"].cells["place"].iloc[0] == "face, laboratory"


def test_one_moment_for_each_recording_has_no_time():
    table = pd.DataFrame({"recording": list("abcd"), "id": "x", "modality": "face", "time": 0.0})
    table = table.assign(emotion="Joy", score=np.arange(4.0))
    tables, *_ = describe(ex.rate_estimates(table))
    assert list(tables) == ["estimates"]
