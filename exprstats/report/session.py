"""The section on versions, seeds and draws."""

from __future__ import annotations

from exprstats.report.document import Section
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, join_words, say


def list_session_versions(pieces: Pieces) -> dict[str, str]:
    """Return the versions of everything that took part."""
    if pieces.provenance is not None:
        return dict(pieces.provenance.versions)
    from exprstats.study.provenance import list_versions

    receipt = getattr(pieces.factor, "receipt", None)
    return list_versions([receipt] if receipt is not None else [])


def describe_session(pieces: Pieces) -> Section:
    """Return the section."""
    versions = list_session_versions(pieces)
    told = join_words([f"{name} {version}" for name, version in versions.items()])
    return Section(
        "session",
        "Session information",
        sentences=(
            *_say_seed(pieces),
            say(
                "Every number of this report stands in full precision in results.json and, table "
                "by table, in the folder tables."
            ),
            say("What took part: {told}.", told=told),
        ),
    )


def _say_seed(pieces: Pieces) -> tuple[Text, ...]:
    if pieces.provenance is None:
        return ()
    draws = pieces.provenance.draws
    return (
        say(
            "Seed {seed}{draws}. The same data, seed and versions give the same numbers.",
            seed=pieces.provenance.seed,
            draws=f", {draws:,} bootstrap draws" if draws else "",
        ),
    )
