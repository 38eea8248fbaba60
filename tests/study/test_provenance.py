"""Seeds that stay, exclusions that read well, warnings that are kept once."""

import warnings

import pytest

from exprstats.errors import DataWarning
from exprstats.study import Exclusion, Logbook, list_versions
from exprstats.study.provenance import draw_seeds


def test_seeds_are_pinned_because_users_keep_their_numbers():
    seeds = draw_seeds(1)
    assert dict(list(seeds.items())[:5]) == {
        "reliability": 1641411168,
        "split": 1454127163,
        "uniform": 2749604155,
        "normal": 3056722145,
        "compare": 3734005922,
    }
    later = ["forest", "weights", "contrasts", "importance", "folds", "pooling", "networks"]
    assert list(seeds)[5:] == [*later, "signing", "evoked", "estimates"]
    assert draw_seeds(2)["split"] != draw_seeds(1)["split"]


def test_an_exclusion_reads_as_a_sentence():
    few = Exclusion("join", "clips", 10, 8, "no score", ("a", "b"))
    assert str(few) == "2 of 10 clips left out: no score (a, b)."
    many = Exclusion("join", "clips", 2000, 1000, "no score", ("a", "b"))
    assert str(many) == "1,000 of 2,000 clips left out: no score (a, b and 998 more)."
    assert str(Exclusion("read", "clips", 3, 2, "no score")) == "1 of 3 clips left out: no score."


def test_nothing_left_out_is_no_entry():
    log = Logbook(1)
    log.exclude("read", "clips", 5, "no score", left_out=[])
    log.exclude("read", "clips", 5, "no score", left_out=list("abcdefg"))
    [one] = log.exclusions
    assert one.examples == ("a", "b", "c", "d", "e")


def test_a_warning_is_kept_once_and_passed_on():
    log = Logbook(1)
    with pytest.warns(DataWarning, match="odd") as caught, log.stage("read"):
        for _ in range(3):
            warnings.warn("odd", DataWarning, stacklevel=1)
    assert len(caught) == 1
    assert [str(one) for one in log.warnings] == ["odd"]
    assert log.warnings[0].stage == "read"


def test_an_error_in_a_stage_passes_through():
    log = Logbook(1)
    with pytest.raises(ValueError, match="bad"), log.stage("read"):
        message = "bad"
        raise ValueError(message)


def test_versions_do_not_depend_on_what_else_is_loaded():
    before = list_versions()
    import sklearn  # noqa: F401 - loading it is the point

    assert list_versions() == before
    assert "scikit-learn" in list_versions(learned=True)


def test_warnings_of_a_stage_that_fails_are_not_lost():
    log = Logbook(1)
    with (
        pytest.warns(DataWarning, match="odd"),
        pytest.raises(ValueError, match="bad"),
        log.stage("read"),
    ):
        warnings.warn("odd", DataWarning, stacklevel=1)
        message = "bad"
        raise ValueError(message)
    assert [str(one) for one in log.warnings] == ["odd"]
