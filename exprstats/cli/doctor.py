"""``exprstats doctor``: R, lavaan and the Python packages of this machine."""

from __future__ import annotations

import math
import os
import platform
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from exprstats.document.terminal import wrap_text, write_line
from exprstats.errors import ExprStatsError, ExprStatsWarning

if TYPE_CHECKING:
    from exprstats.rbridge import RState

Status = Literal["OK", "WARN", "FAIL"]
LAVAAN_LEAST = [0, 6, 12]
TOLERANCE = 1e-6
_REPAIR = f"Run: {sys.executable} -m pip install --upgrade exprstats"
_WAYS = {"rpy2": "rpy2", "rscript": "Rscript"}
_UTF8 = "Run: export LC_ALL=C.UTF-8"
# A factor and three errors that are orthogonal to it and to each other: loadings .89, .80, .71.
_ITEMS = {
    "first": (8.0, 6.0, 8.0, 6.0, 4.0, 2.0, 4.0, 2.0),
    "second": (8.5, 8.5, 5.5, 5.5, 4.5, 4.5, 1.5, 1.5),
    "third": (9.0, 5.0, 5.0, 9.0, 5.0, 1.0, 1.0, 5.0),
}


def examine_machine(
    json: Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")] = False,
) -> None:
    """Say whether this machine has all it needs, with the cures."""
    findings = list(examine_all())
    failed = any(finding.status == "FAIL" for finding in findings)
    if json:
        from exprstats.cli.session import Session, write_envelope

        session = Session("doctor", rows=[finding.to_row() for finding in findings])
        session.warnings = [f"{f.name}: {f.fact}" for f in findings if f.status == "WARN"]
        write_envelope(session.make_envelope(), "-")
    else:
        for finding in findings:
            first = f"{finding.status:<5} {finding.name:<10} "
            write_line(wrap_text(finding.text, indent=" " * len(first), first=first))
        write_line(_sum_up([finding.status for finding in findings]))
    if failed:
        raise typer.Exit(1)


def _sum_up(statuses: list[str]) -> str:
    if "FAIL" in statuses:
        return "\nSomething that exprstats needs is broken; see FAIL above."
    if "WARN" in statuses:
        return "\nexprstats works here, with the limits above."
    return "\nAll is well."


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What one examination found, and what to do where it is not well."""

    name: str
    status: Status
    fact: str
    cure: str = ""

    @property
    def text(self) -> str:
        """The fact, and the cure where there is one."""
        return f"{self.fact} {self.cure}".rstrip()

    def to_row(self) -> dict[str, Any]:
        """Return the finding as a tidy row."""
        return {**asdict(self), "cure": self.cure or None}


def examine_all() -> Iterator[Diagnosis]:
    """Yield every finding, the cheap ones first."""
    from exprstats.rbridge.probe import forget_r, probe_r

    yield examine_python()
    yield examine_libraries()
    yield examine_locale()
    yield examine_fonts()
    yield examine_disk()
    forget_r()
    state = probe_r()
    yield examine_r(state)
    yield examine_rpy2(state)
    yield examine_lavaan(state)
    yield examine_factor(state)
    yield examine_torch()
    yield examine_opencv()


def examine_python() -> Diagnosis:
    """Look at Python itself and at exprstats."""
    from exprstats import __version__

    system = f"{platform.system()} {platform.machine()}"
    fact = f"{platform.python_version()} on {system}; exprstats {__version__}"
    return Diagnosis("Python", "OK", fact)


def examine_libraries() -> Diagnosis:
    """Import what no analysis or report can do without."""
    try:
        import jinja2
        import numpy as np
        import pandas as pd
        import scipy
        import sklearn
    except ImportError as error:
        return Diagnosis("Libraries", "FAIL", f"{error}.", _REPAIR)
    found = {"numpy": np, "pandas": pd, "scipy": scipy, "scikit-learn": sklearn, "jinja2": jinja2}
    told = ", ".join(f"{name} {library.__version__}" for name, library in found.items())
    if int(pd.__version__.split(".")[0]) < 3:
        return Diagnosis("Libraries", "FAIL", f"{told}; pandas must be 3 or later.", _REPAIR)
    return Diagnosis("Libraries", "OK", told)


def examine_locale() -> Diagnosis:
    """Look at the encoding of the terminal and of file names."""
    encodings = {
        "terminal": sys.stdout.encoding or "ascii",
        "file names": sys.getfilesystemencoding(),
    }
    told = ", ".join(f"{name} {encoding}" for name, encoding in encodings.items())
    if all(encoding.lower().replace("-", "") == "utf8" for encoding in encodings.values()):
        return Diagnosis("Locale", "OK", told)
    return Diagnosis("Locale", "WARN", f"{told}: some signs print as plain ones.", _UTF8)


def examine_fonts() -> Diagnosis:
    """Look for what figures are drawn with: plotnine, and fonts."""
    try:
        from exprstats.plots.looks import find_families, set_looks

        set_looks(height=3)
        families = find_families()
    except (ImportError, OSError) as error:
        return Diagnosis("Fonts", "FAIL", f"{error}.", _REPAIR)
    told = ", ".join(families)
    if len(families) > 1:
        return Diagnosis("Fonts", "OK", told)
    fact = f"{told}: enough for Latin, Greek and Cyrillic names in figures."
    return Diagnosis("Fonts", "OK", f"{fact} For others: sudo apt-get install -y fonts-noto-cjk")


def examine_disk() -> Diagnosis:
    """Try to write where temporary files go."""
    place = tempfile.gettempdir()
    try:
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"exprstats")
    except OSError as error:
        fact = f"{place} cannot be written ({error.strerror})."
        return Diagnosis("Disk", "FAIL", fact, "Free some space, or set TMPDIR.")
    return Diagnosis("Disk", "OK", f"{place} can be written; {os.cpu_count()} cores")


def examine_r(state: RState) -> Diagnosis:
    """Say whether R starts; it was tried in a process apart."""
    if state.ready:
        locale = "" if state.utf8 else f" Its locale is {state.locale}, not UTF-8."
        way = f", reached by {_WAYS.get(state.engine, state.engine)}" if state.engine else ""
        fact = f"{state.r_version} at {state.r_home}{way}.{locale}"
        return Diagnosis("R", "OK" if state.utf8 else "WARN", fact, "" if state.utf8 else _UTF8)
    fact = f"{state.problem} Models of three items are solved without R."
    return Diagnosis("R", "WARN", fact, state.cure)


def examine_rpy2(state: RState) -> Diagnosis:
    """Say whether rpy2 is there and fits R; where Rscript serves, nothing needs it."""
    if state.engine == "rscript":
        told = state.rpy2_version or "not installed"
        told += " (does not fit R)" if state.rpy2_matches is False else ""
        return Diagnosis("rpy2", "OK", f"{told}; not needed, R is reached by Rscript")
    if state.rpy2_version and state.rpy2_matches is not False:
        fits = f"fits R {state.r_version}" if state.ready else "not tried without R"
        return Diagnosis("rpy2", "OK", f"{state.rpy2_version}; {fits}")
    if not state.rpy2_version and state.r_version:
        return Diagnosis("rpy2", "WARN", "not installed.", state.cure)
    if not state.rpy2_version:
        return Diagnosis("rpy2", "WARN", "not looked for without R.")
    return Diagnosis("rpy2", "WARN", f"{state.rpy2_version} does not fit R.", state.cure)


def examine_lavaan(state: RState) -> Diagnosis:
    """Say whether lavaan is there and new enough."""
    if state.lavaan_version is None:
        fact = "not found; factor models of more than three items need it."
        return Diagnosis("lavaan", "WARN", fact, state.cure if state.ready else "")
    digits = [int(part) for part in re.findall(r"\d+", state.lavaan_version)]
    if digits[:3] < LAVAAN_LEAST:
        cure = 'In R: install.packages("lavaan")'
        return Diagnosis("lavaan", "WARN", f"{state.lavaan_version} is older than 0.6-12.", cure)
    return Diagnosis("lavaan", "OK", state.lavaan_version)


def examine_factor(state: RState) -> Diagnosis:
    """Fit a fixed factor model and compare it with its closed form."""
    import pandas as pd

    from exprstats.measurement import fit_factor
    from exprstats.measurement.factor.checks import UNUSED

    table = pd.DataFrame(_ITEMS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExprStatsWarning)
            factor = fit_factor(table, items=list(_ITEMS))
    except ExprStatsError as error:
        return Diagnosis("CFA", "FAIL", f"a fixed model fails: {error}", _REPAIR)
    rows = factor.table[factor.table["term"] == "loading"]
    wanted = recover_loadings(table.corr().to_numpy())
    gap = max(abs(a - b) for a, b in zip(rows["estimate"], wanted, strict=True))
    told = f"{factor.engine} is within {gap:.0e} of the closed form of a fixed model"
    if not gap <= TOLERANCE:
        return Diagnosis("CFA", "FAIL", f"{told}; 1e-06 is allowed.", "Reinstall R's lavaan.")
    if state.lavaan_version and factor.engine != "lavaan":
        return Diagnosis("CFA", "FAIL", UNUSED.format(factor.receipt.reason), state.cure)
    return Diagnosis("CFA", "OK", told)


def recover_loadings(correlations: Any) -> list[float]:
    """Return the loadings of three items from their correlations (3, 3).

    Examples
    --------
    >>> recover_loadings([[1, 0.72, 0.63], [0.72, 1, 0.56], [0.63, 0.56, 1]])
    [0.9, 0.8, 0.7]
    """
    r12, r13, r23 = correlations[0][1], correlations[0][2], correlations[1][2]
    products = (r12 * r13 / r23, r12 * r23 / r13, r13 * r23 / r12)
    return [round(math.sqrt(product), 12) for product in products]


def examine_torch() -> Diagnosis:
    """Look for torch without loading it; only networks need it."""
    from exprstats.deep.recipes import INSTALL

    for place in map(Path, filter(None, sys.path)):
        version = place / "torch" / "version.py"
        if version.is_file():
            match = re.search(r"__version__ = '([^']+)'", version.read_text("utf-8", "replace"))
            return Diagnosis("torch", "OK", match[1] if match else "installed")
    return Diagnosis("torch", "OK", f"not installed; only 'exprstats deep' needs it ({INSTALL})")


def examine_opencv() -> Diagnosis:
    """Look for OpenCV without loading it; two builds of it overwrite each other's files."""
    from exprstats.deep.recipes import INSTALL

    found: dict[str, str] = {}
    for place in map(Path, filter(None, sys.path)):
        for path in sorted(place.glob("opencv_python*.dist-info")):
            name, _, number = path.name.removesuffix(".dist-info").partition("-")
            found.setdefault(name.replace("_", "-"), number)
    told = " and ".join(f"{name} {number}" for name, number in found.items())
    if len(found) > 1:
        names = " ".join(found)
        cure = f"Run: {sys.executable} -m pip uninstall -y {names}, then install one of them."
        return Diagnosis("OpenCV", "WARN", f"{told} overwrite each other's files", cure)
    absent = f"not installed; only 'exprstats clips' and 'exprstats faces' need it ({INSTALL})"
    return Diagnosis("OpenCV", "OK", told or absent)
