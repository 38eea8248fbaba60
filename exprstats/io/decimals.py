"""Which decimal mark a file uses: decided once for all its number columns."""

from __future__ import annotations

from collections.abc import Sequence

from exprstats.errors import Problem
from exprstats.io.numbers import Parsed, looks_grouped


class Marks:
    """Which decimal mark the number columns of one file use."""

    def __init__(self) -> None:
        self.commas: list[tuple[str, str, int]] = []
        self.point: tuple[str, str, int] | None = None
        self._clear = False

    def note(self, name: str, texts: Sequence[str], rows: Sequence[int], parsed: Parsed) -> None:
        """Take the decimal marks that were met in a column."""
        if parsed.point is not None and self.point is None:
            self.point = (name, texts[parsed.point], rows[parsed.point])
        for place in parsed.commas:
            if not self._clear:
                self.commas.append((name, texts[place], rows[place]))
            self._clear = self._clear or not looks_grouped(texts[place])

    @property
    def decimal(self) -> str | None:
        """The mark that was met: comma, point, or None if there was neither."""
        if self.commas:
            return ","
        return "." if self.point else None

    def find_problems(self) -> list[Problem]:
        """Return a problem if the file mixes marks or a comma may group thousands."""
        if not self.commas:
            return []
        name, text, row = self.commas[-1] if self._clear else self.commas[0]
        if self.point:
            other, sample, place = self.point
            fact = (
                f"'{text}' has a decimal comma, '{sample}' (column '{other}', row {place}) a point."
            )
            remedy = "Use one decimal mark throughout the file, and no mark for thousands."
        elif not self._clear:
            fact = f"'{text}' may be {text.replace(',', '.')} or {text.replace(',', '')}."
            remedy = "Write the numbers with a decimal point, or without a mark for thousands."
        else:
            return []
        return [Problem(fact, remedy, column=name, rows=(row,))]
