"""The styles of a Word file: every kind of paragraph, text and table has one of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt, RGBColor

from exprstats.document.widths import SIZE

if TYPE_CHECKING:
    from docx.document import Document
    from docx.styles.style import CharacterStyle, ParagraphStyle

_CENTER, _RIGHT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT
# Paragraphs by name: the style that each is like, points of type and of space before and after.
_STYLES: tuple[tuple[str, str, float, float, float, dict[str, Any]], ...] = (
    ("Normal", "", 12, 0, 8, {"line_spacing": 1.15}),
    ("Title", "Normal", 18, 0, 14, {"keep_with_next": True}),
    ("Heading 1", "Normal", 14, 20, 6, {"keep_with_next": True}),
    ("Heading 2", "Normal", 12, 14, 4, {"keep_with_next": True}),
    ("List Bullet", "Normal", 12, 0, 4, {}),
    ("Banner", "Normal", 12, 0, 10, {"keep_together": True}),
    ("Caution", "Normal", 11, 0, 8, {"left_indent": Pt(14), "keep_together": True}),
    ("Reference", "Normal", 12, 0, 6, {"left_indent": Pt(36), "first_line_indent": Pt(-36)}),
    ("Caption", "Normal", 12, 16, 0, {"keep_with_next": True}),
    ("Caption Title", "Normal", 12, 0, 6, {"keep_with_next": True}),
    ("Figure", "Normal", 12, 0, 4, {"line_spacing": 1.0}),
    ("Table Words", "Normal", SIZE, 1, 1, {"line_spacing": 1.0}),
    ("Table Number", "Table Words", SIZE, 1, 1, {"alignment": _RIGHT}),
    ("Table Heading", "Table Number", SIZE, 1, 1, {"keep_with_next": True}),
    ("Table Spanner", "Table Words", SIZE, 1, 1, {"alignment": _CENTER, "keep_with_next": True}),
    ("Table Group", "Table Words", SIZE, 5, 1, {"keep_with_next": True}),
    ("Table Note", "Normal", 10, 4, 16, {"line_spacing": 1.0}),
)
_BOLD = {"Title", "Heading 1", "Heading 2", "Caption", "Banner", "Table Group"}
# Lines at the left of what a reader must not miss: eighths of a point and colour.
_LINES = {"Banner": (36, "B45309"), "Caution": (18, "9CA3AF")}
_TABLE = f"""<w:tblPr {nsdecls("w")}><w:tblBorders>
<w:top w:val="single" w:sz="8" w:space="0" w:color="000000"/>
<w:bottom w:val="single" w:sz="8" w:space="0" w:color="000000"/></w:tblBorders>
<w:tblCellMar><w:left w:w="115" w:type="dxa"/><w:right w:w="115" w:type="dxa"/></w:tblCellMar>
</w:tblPr>"""


def set_styles(file: Document) -> None:
    """Give a file the styles of an APA manuscript: Times New Roman, black, three rules a table."""
    for name, like, size, before, after, options in _STYLES:
        _set_style(file, name, size, name in _BOLD)
        style = cast("ParagraphStyle", file.styles[name])
        if like:
            style.base_style = file.styles[like]
        form = style.paragraph_format
        form.space_before, form.space_after = Pt(before), Pt(after)
        for option, value in options.items():
            setattr(form, option, value)
    for name, (width, colour) in _LINES.items():
        line = f'w:val="single" w:sz="{width}" w:space="8" w:color="{colour}"'
        lines = parse_xml(f"<w:pBdr {nsdecls('w')}><w:left {line}/></w:pBdr>")
        properties = file.styles[name].element.pPr
        properties.insert_element_before(lines, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc")
    code = cast("CharacterStyle", file.styles.add_style("Code", WD_STYLE_TYPE.CHARACTER))
    code.font.name = "Courier New"
    ruled = file.styles.add_style("APA Table", WD_STYLE_TYPE.TABLE)
    ruled.element.append(parse_xml(_TABLE))


def _set_style(file: Document, name: str, size: float, bold: bool) -> None:
    """Give a style its type, in place of the colours and lines that the template has."""
    held = file.styles
    known = name in held
    style: Any = held[name] if known else held.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.quick_style = True
    properties = style.element.get_or_add_pPr()
    for line in properties.findall(qn("w:pBdr")):
        properties.remove(line)
    style.font.name, style.font.size, style.font.bold = "Times New Roman", Pt(size), bold
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.rPr.rFonts
    for one in [*fonts.attrib]:
        if "Theme" in one:
            del fonts.attrib[one]
