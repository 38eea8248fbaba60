"""What the markers mean: ``r`` needs a live R, ``data`` the real files under EXPRSTATS_DATA.

``@pytest.mark.r("lme4", "psych")`` names the R packages beside lavaan that a test needs. With
EXPRSTATS_REQUIRE_R=1 a test that lacks its R is a failure. ``torch`` needs the deep extra: without
it those tests, and the examples of ``exprstats.deep``, are skipped and counted.
"""

import gc
import os
import re
import textwrap
from contextlib import contextmanager
from functools import cache, partialmethod
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer.testing
from _pytest.doctest import DoctestModule

from exprstats.rbridge import probe_r

TORCH = find_spec("torch") is not None
DEEP = Path(__file__).parents[1] / "exprstats" / "deep"


def pytest_configure(config):
    # Networks are classes of torch, so that their modules cannot be imported without it.
    config.option.doctest_ignore_import_errors |= not TORCH
    # A process of its own reads the options of all commands once, and not at each call.
    typer.testing._get_command = cache(typer.testing._get_command)
    # What is collected here lives to the end: `pytest_collection_finish` starts the collector.
    gc.disable()
    typer.testing.CliRunner.invoke = partialmethod(_invoke_wide, typer.testing.CliRunner.invoke)


def _invoke_wide(self, invoke, *given, env=None, **more):
    """Run the program on a terminal that breaks no message, unless a test names its width.

    Where a line ends depends on how long the names of temporary folders are.
    """
    with pytest.MonkeyPatch.context() as patch:
        if "COLUMNS" not in (env or {}):
            fill = lambda text, _, **how: textwrap.fill(text, 100_000, **how)  # noqa: E731
            wide = SimpleNamespace(fill=fill, wrap=textwrap.wrap)
            patch.setattr("exprstats.document.terminal.textwrap", wide)
        return invoke(self, *given, env=env, **more)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    # Examples stand in the package. Looked for in here too, every benchmark would be imported.
    return [one for one in (yield) if not isinstance(one, DoctestModule)]


def pytest_collection_modifyitems(items):
    skip = pytest.mark.skip(reason="torch is absent; pip install 'exprstats[deep]'")
    for item in items:
        if not TORCH and (item.get_closest_marker("torch") or DEEP in item.path.parents):
            item.add_marker(skip)


def pytest_collection_finish():
    # Thousands of tests are a few million objects that live to the end: no collection of
    # garbage need walk through them again, nor through the small tables of a test every few rows.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    gc.enable()


def pytest_terminal_summary(terminalreporter):
    if not TORCH:
        skipped = terminalreporter.stats.get("skipped", [])
        count = sum("torch is absent" in str(report.longrepr) for report in skipped)
        terminalreporter.write_line(f"{count} tests and examples need torch, which is absent")


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


# One grey point.
_BLANK = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c636800000082008177cd72b60000000049454e44ae426082"
)


def _save_blank(_, stem):
    files = stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.svg")
    files[0].write_bytes(_BLANK)
    files[1].write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    return files


@pytest.fixture
def blank_pictures(monkeypatch):
    """Leave figures undrawn, for tests of words and rows: drawing takes most of a report's time.

    A report notes a figure that fails and goes on, so that only tests which look at figures can
    see one fail; those draw.
    """
    monkeypatch.setattr("exprstats.report.folder.save_figure", _save_blank)


@pytest.fixture(scope="session", autouse=True)
def check_every_report(tmp_path_factory):
    """Read every report that the tests wrote: its numbers have no gap, its references lead on."""
    yield
    found = []
    for page in sorted(tmp_path_factory.getbasetemp().rglob("index.html")):
        text = page.read_text(encoding="utf-8", errors="replace")
        if 'content="exprstats"' in text:
            found += [f"{page}: {one}" for one in find_problems_of_numbers(text, page.parent)]
    told = "This is no fault of the test above: reports in folders that are named after the tests"
    assert not found, "\n".join([f"{told} which wrote them number or name things wrongly.", *found])


def find_problems_of_numbers(page, folder):
    """Return what is wrong with the numbers of tables and figures of a report, in words."""
    problems = []
    anchors = re.findall(r'id="((?:table|figure)-\w+)"', page)
    for kind in ("table", "figure"):
        for letter in ("", "A"):
            found = re.findall(rf'<figure class="{kind}[^>]* id="{kind}-{letter}(\d+)"', page)
            if found != [str(place + 1) for place in range(len(found))]:
                problems.append(f"{kind}s {letter}{found} have gaps")
    problems += re.findall(r"&lt;(?:Table|Figure) [a-z_]+", page)
    links = re.findall(r'href="#((?:table|figure)-\w+)"', page)
    problems += [f"{link} leads nowhere" for link in links if link not in anchors]
    bare = re.sub(r"<a href[^>]*>[^<]*</a>(,? and <a href[^>]*>[^<]*</a>)?", "", page)
    bare = re.sub(
        r'alt="[^"]*"|aria-label="[^"]*"|<b>[^<]*</b>|<table.*?</table>', "", bare, flags=re.S
    )
    # Those of a published work stand behind its year.
    told = re.findall(r"(?<!\d{4}, )\b(?:Table|Figure)s?[ \u00a0]A?\d+", bare)
    problems += [f"{one} is no link" for one in told]
    for anchor in anchors:
        kind, number = anchor.split("-")
        endings = (".csv",) if kind == "table" else (".png", ".svg")
        stems = [f"{kind}s/{kind}{number}_*{ending}" for ending in endings]
        problems += [f"{stem} is missing" for stem in stems if not list(folder.glob(stem))]
    written = {path.name.split("_")[0] for path in folder.glob("[tf]*s/*") if path.is_file()}
    problems += sorted(written - {anchor.replace("-", "") for anchor in anchors})
    return problems


@pytest.fixture
def draw_only(monkeypatch):
    """Return what leaves all figures undrawn but those whose file's name holds a word."""
    from exprstats.plots import save_figure

    def choose(word):
        def save(plot, stem):
            return save_figure(plot, stem) if word in stem.name else _save_blank(plot, stem)

        monkeypatch.setattr("exprstats.report.folder.save_figure", save)

    return choose


@pytest.fixture(scope="session")
def without_pictures():
    """Return a context in which reports of a fixture that several tests share are not drawn.

    ``but`` is a word in the names of figures that are drawn all the same.
    """
    from exprstats.plots import save_figure

    @contextmanager
    def leave_out(but=None):
        def save(plot, stem):
            return (save_figure if but and but in stem.name else _save_blank)(plot, stem)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("exprstats.report.folder.save_figure", save)
            yield

    return leave_out


@pytest.fixture(scope="session")
def use_few():
    """Return a context of 10 trees and 3 mixtures of penalties, not 11, where no number counts.

    Fixtures of a session are made before those of a module, so that each that fits asks for it.
    """
    from exprstats.models import Trees, contrast_contexts, fit_elastic, fit_forest, nest_elastic

    @contextmanager
    def use():
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(fit_forest.__kwdefaults__, "trees", Trees(10))
            for verb in (fit_elastic, nest_elastic, contrast_contexts):
                patch.setitem(verb.__kwdefaults__, "l1_ratios", (0.0, 0.5, 1.0))
            yield

    return use
