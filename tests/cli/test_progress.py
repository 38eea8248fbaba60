"""The bar appears where people wait at a terminal, and nowhere else."""

import io
import time

import pytest

from exprstats.cli import progress
from exprstats.parallel import report_progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def open_terminal(monkeypatch):
    """Take the place of standard error; not before the test, since pytest puts its own there."""

    def take(patience=progress.PATIENCE):
        stream = Terminal()
        monkeypatch.setattr("sys.stderr", stream)
        monkeypatch.setattr(progress, "PATIENCE", patience)
        monkeypatch.setenv("TERM", "xterm")
        return stream

    return take


def wait_for(stream, text, seconds=10):
    until = time.monotonic() + seconds
    while text not in stream.getvalue():
        assert time.monotonic() < until, f"{text} was not drawn"
        time.sleep(0.02)


def test_quick_work_draws_nothing(open_terminal):
    terminal = open_terminal()
    with progress.show_progress():
        report_progress("Resampling", 1, 2)
    assert terminal.getvalue() == ""


def test_slow_work_draws_what_it_is_at(open_terminal):
    terminal = open_terminal(patience=0.05)
    with progress.show_progress():
        report_progress("Resampling", 1, 2)
        wait_for(terminal, "Resampling")
        report_progress("Fitting", 2, 4)
        wait_for(terminal, "Fitting")


@pytest.mark.parametrize("wanted", [True, False])
def test_no_bar_without_a_terminal_or_when_quiet(open_terminal, monkeypatch, wanted):
    terminal = open_terminal(patience=0.0)
    monkeypatch.setattr(terminal, "isatty", lambda: not wanted)
    with progress.show_progress(wanted=wanted):
        report_progress("Resampling", 1, 2)
        time.sleep(0.1)
    assert terminal.getvalue() == ""


def test_the_bar_goes_when_work_fails(open_terminal):
    terminal = open_terminal(patience=0.05)
    with pytest.raises(ValueError, match="bad"), progress.show_progress():
        report_progress("Resampling", 1, 2)
        wait_for(terminal, "Resampling")
        message = "bad"
        raise ValueError(message)
    drawn = len(terminal.getvalue())
    time.sleep(0.2)
    assert len(terminal.getvalue()) == drawn
