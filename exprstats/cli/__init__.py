"""The command line: one file a command; each parses, calls one verb, and prints."""

from exprstats.cli.program import run

__all__ = ["run"]
