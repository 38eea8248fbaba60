"""Which fonts a figure can use, and which characters they lack."""

from __future__ import annotations

from functools import lru_cache

# DejaVu Sans comes with matplotlib; the others extend it to scripts that it lacks, where installed.
_WIDER = (
    *("Noto Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans Arabic"),
    *("Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai", "WenQuanYi Zen Hei"),
    *("PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo", "Microsoft YaHei", "Malgun Gothic"),
    *("Yu Gothic", "Segoe UI Symbol", "Apple Symbols", "Noto Sans Symbols2"),
)
ABSENT = "\N{WHITE SQUARE}"


@lru_cache(maxsize=1)
def find_families() -> tuple[str, ...]:
    """Return the families to draw text with: DejaVu Sans, then those installed beside it."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return ("DejaVu Sans", *(name for name in _WIDER if name in installed))


def replace_absent(text: str) -> str:
    """Replace each character that no family holds, so that drawing it cannot warn."""
    return "".join(ch if ch in "\n " or _has_glyph(ch) else ABSENT for ch in text)


@lru_cache(maxsize=4096)
def _has_glyph(character: str) -> bool:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return any(
        get_font(findfont(FontProperties(family=family))).get_char_index(ord(character)) != 0
        for family in find_families()
    )
