"""Words and cells of the section on recall: one set of features, perfect recall, permutations."""

import numpy as np
import pytest

import exprstats as ex
from exprstats.document.text import write_plain
from exprstats.report import build_document, describe_results, gather_analysis

LABELS, SPEAKERS = ["joy", "sad"] * 8, list("aabbccdd") * 2


def describe(features, **options):
    found = ex.classify_expressions(features, LABELS, SPEAKERS, costs=[1.0], **options)
    [section] = describe_results(gather_analysis([found]))
    # Numbers keep together with what they belong to.
    told = [write_plain(one).replace("\N{NO-BREAK SPACE}", " ") for one in section.sentences]
    return found, section, told


@pytest.fixture
def words():
    return ["They look joyful.", "They look sad."] * 8


def test_one_set_of_features_is_compared_with_nothing(words):
    found, section, told = describe({"face": words})
    assert told[0].startswith("Among 2 classes, acted emotions of new speakers were recalled from ")
    assert "UAR = 1.00, 95% CI [.47, 1.00], where chance is .500." in told[0]
    assert "more than" not in told[0] and "would have added .000." in told[0]
    assert [one.key for one in section.tables[0].columns] == [
        *("features", "dimensions", "uar", "uar_limits", "test", "more")
    ]
    assert section.tables[0].cells["uar_limits"].item().endswith("1.00]")
    assert found.nulls.empty and len(told) == 2
    # Four speakers in six folds are dealt in one way only.
    [caution] = [write_plain(one) for one in section.caveats]
    assert caution.startswith("Intervals do not allow for other training speakers")


@pytest.mark.parametrize("repeats", [1, 3])
def test_one_deal_of_speakers_is_cautioned_and_several_are_told(words, repeats):
    noise = np.random.default_rng(1).normal(size=(16, 2))
    for sets in ({"noise": noise}, {"face": words, "noise": noise}):
        _, section, _ = describe(sets, folds=2, repeats=repeats)
        cautions = [write_plain(one) for one in section.caveats]
        assert any("dealt into folds once" in one for one in cautions) == (repeats == 1)
        notes = [
            write_plain(one).replace("\N{NO-BREAK SPACE}", " ") for one in section.tables[0].notes
        ]
        means = [
            one for one in notes if one.startswith("Means over 3 deals of speakers into folds")
        ]
        assert len(means) == (repeats == 3)
        assert all((", of differences up to " in one) == (len(sets) == 2) for one in means)


def test_the_best_features_are_told_with_their_difference_and_permutations(words):
    rng = np.random.default_rng(1)
    sets = {"noise": rng.normal(size=(16, 2)), "face": words}
    found, section, told = describe(sets, nulls=3)
    assert "recalled best from face: UAR = 1.00" in told[0]
    row = found.tidy().query("term == 'uar_difference'").iloc[0]
    assert row["estimate"] > 0 and "more than from noise (adjusted p" in told[0]
    assert told[1].startswith("With labels permuted within speakers (3 permutations) recall is ")
    cells = section.tables[0].cells.set_index("features")
    assert cells.loc["noise", "difference"] == "—" and cells.loc["face", "difference"] != "—"
    assert section.figures[0].draw() is not None


def test_the_figure_says_what_its_lines_are_and_the_methods_speak_of_these_data(words):
    found, section, _ = describe({"face": words}, level=0.9)
    [note] = [write_plain(one) for one in section.figures[0].notes]
    assert note == "Lines: 90% confidence intervals."
    [methods] = [
        one for one in build_document(gather_analysis([found])).sections if one.name == "methods"
    ]
    [caution] = [write_plain(one) for one in methods.caveats]
    assert caution.endswith("add how the data were sampled.")
