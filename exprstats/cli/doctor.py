"""``exprstats doctor``: whether this machine has what exprstats uses."""

from __future__ import annotations

from typing import Annotated

import typer

from exprstats.cli.screen import wrap_text, write_line


def examine_machine(
    json: Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")] = False,
) -> None:
    """Say whether this machine has all it needs, with the cures."""
    from exprstats.cli.examinations import examine_all

    findings = list(examine_all())
    failed = any(finding.status == "FAIL" for finding in findings)
    if json:
        from exprstats.cli.envelope import write_envelope
        from exprstats.cli.session import Session

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
