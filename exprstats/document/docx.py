"""A document rendered as a Word file after the seventh edition of the APA's manual.

Every part has a style of its own, so that another look is a change of styles. Tables and figures
are numbered by fields: one that moves takes its number, and all references to it, along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Inches

from exprstats.document.model import Document, Figure, Section, Table, list_blocks, list_spanners
from exprstats.document.styles import set_styles
from exprstats.document.text import FIXED, Run, Text, write_on_line, write_plain
from exprstats.document.widths import SIDEWAYS, SIZE, UPRIGHT, TableWidths, break_names, find_widths

if TYPE_CHECKING:
    from docx.document import Document as File

# What XML cannot hold, which names from files may bring.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TALLEST = 7.0  # inches of a figure, which leaves room for its title and note
_ONE_PAGE = 20  # rows that stand on one page together
_RULE = '<w:bottom w:val="single" w:sz="6" w:space="0" w:color="000000"/>'
_SPACES = nsdecls("w", "wp", "a", "pic", "r")


def render_docx(document: Document, pictures: Mapping[str, Path]) -> bytes:
    """Return the Word file; ``pictures`` holds the PNG file of each figure by its number.

    The same document gives the same bytes.
    """
    file = docx.Document()
    _set_properties(file, document.title)
    set_styles(file)
    _set_pages(file)
    writer = _Writer(file, pictures)
    writer.write((Run(document.title),), "Title")
    for banner in document.banners:
        writer.write(banner, "Banner")
    for section in document.sections:
        writer.open_section(section.title)
        writer.add_section(section)
    if document.references:
        writer.open_section("References")
        for source in document.references:
            writer.write(source, "Reference")
    if document.appendix:
        writer.open_section("Appendix: Further tables and figures", form="<w:pageBreakBefore/>")
        for section in document.appendix:
            wide = bool(section.tables) and find_widths(section.tables[0]).wide
            writer.open_section(section.title, "Heading 2", wide=wide)
            writer.add_section(section)
    writer.finish()
    return _pack(file)


class _Writer:
    """Writes the parts of a document one below the other, as the XML of Word."""

    def __init__(self, file: File, pictures: Mapping[str, Path]) -> None:
        self.file = file
        self.pictures = pictures
        self.parts: list[str] = []
        self.marks = 0
        self.wide = False
        upright = file.sections[0]._sectPr.xml
        self.pages = {False: upright, True: _turn_page(upright)}

    def open_section(
        self, title: str, style: str = "Heading 1", *, wide: bool = False, form: str = ""
    ) -> None:
        """Write a heading, on a page on its side where a wide table follows at once."""
        self.turn(wide=wide)
        self.write((Run(title),), style, form)

    def add_section(self, section: Section) -> None:
        """Write what stands below a heading, in the order of the page."""
        for text in section.sentences:
            self.write(text)
        for text in section.points:
            self.write(text, "List Bullet")
        for text in section.caveats:
            self.write(text, "Caution")
        for text in section.steps:
            self.write(text)
        for table in section.tables:
            self.add_table(table)
        for figure in section.figures:
            self.add_figure(figure)

    def write(self, text: Text, style: str = "Normal", form: str = "") -> None:
        """Write a paragraph."""
        self.parts.append(_write_paragraph("".join(_write_runs(text)), style, form))

    def add_table(self, table: Table) -> None:
        """Write a table below its number and title; a wide one on a page on its side."""
        held = find_widths(table)
        self.turn(wide=held.wide)
        self._caption("Table", table.number, table.title)
        self.parts.append("".join(_write_table(table, held)))
        self._note(table.notes)

    def add_figure(self, figure: Figure) -> None:
        """Write a figure below its number and title, as wide as the text or as high as fits."""
        self.turn(wide=False)
        self._caption("Figure", figure.number, figure.title)
        link, image = self.file.part.get_or_add_image(str(self.pictures[figure.number]))
        scale = min(Inches(UPRIGHT) / image.width, Inches(_TALLEST) / image.height)
        size = f'cx="{int(image.width * scale)}" cy="{int(image.height * scale)}"'
        self.marks += 1
        shown = (
            f'<wp:docPr id="{self.marks}" name="Figure {figure.number}" '
            f'descr="{_clean(write_plain(figure.words))}"/>'
        )
        drawn = _PICTURE.format(size=size, shown=shown, link=link, id=self.marks)
        keep = "<w:keepNext/>" if figure.notes else ""
        self.parts.append(_write_paragraph(drawn, "Figure", keep))
        self._note(figure.notes)

    def turn(self, *, wide: bool) -> None:
        """Begin a page on its side, or an upright one, unless it is so already."""
        if wide != self.wide:
            # The last paragraph of pages holds their measures.
            end = f"{self.pages[self.wide]}</w:pPr>"
            self.parts[-1] = self.parts[-1].replace("</w:pPr>", end, 1)
            self.wide = wide

    def finish(self) -> None:
        """Put everything into the file."""
        body = self.file.element.body
        for one in [*body]:
            body.remove(one)
        held = f"<w:body {_SPACES}>{''.join(self.parts)}{self.pages[self.wide]}</w:body>"
        body.extend([*parse_xml(held)])

    def _caption(self, kind: str, number: str, title: str) -> None:
        """Write number and title, with bookmarks around "Table 1" and around its number."""
        digits = number.lstrip("A")
        letter = number.removesuffix(digits)
        counted = _write_field(f"SEQ {kind}{letter} \\* ARABIC", digits)
        name = f"{kind.lower()}_{number}"
        inner = self._mark(f"{name}_number", (_write_run(Run(letter)) if letter else "") + counted)
        label = self._mark(name, _write_run(Run(f"{kind}{FIXED}")) + inner)
        self.parts.append(_write_paragraph(label, "Caption"))
        self.write((Run(title, italic=True),), "Caption Title")

    def _mark(self, name: str, inner: str) -> str:
        self.marks += 1
        start = f'<w:bookmarkStart w:id="{self.marks}" w:name="{name}"/>'
        return f'{start}{inner}<w:bookmarkEnd w:id="{self.marks}"/>'

    def _note(self, notes: Sequence[Text]) -> None:
        """Write the notes in one paragraph; it parts a table from what follows in any case."""
        told = [run for note in notes for run in (Run(" "), *note)]
        self.write((Run("Note.", italic=True), *told) if notes else (), "Table Note")


def _write_table(table: Table, held: TableWidths) -> Iterator[str]:
    """Yield a table with rules at its top, below its headings and at its bottom."""
    widths = [round(width * 1440) for width in held.widths]
    yield (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="APATable"/><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        f'<w:tblLayout w:type="fixed"/><w:tblCaption w:val="Table {table.number}"/>'
        f'<w:tblDescription w:val="{_clean(table.title)}"/></w:tblPr><w:tblGrid>'
    )
    yield from (f'<w:gridCol w:w="{width}"/>' for width in widths)
    yield "</w:tblGrid>"
    yield from _write_head(table, widths, held.size)
    left = len(table.cells)
    together = left <= _ONE_PAGE
    for label, rows in list_blocks(table):
        if label is not None:
            named = (Run(label),)
            yield _write_row(_write_cell(named, sum(widths), "Table Group", span=len(widths)))
        for row in rows:
            left -= 1
            form = "<w:keepNext/>" if together and (left or table.notes) else ""
            cells = [
                _write_cell(
                    (Run(break_names(str(row[column.key]), held, at)),),
                    widths[at],
                    "Table Words" if column.words or not at else "Table Number",
                    size=held.size,
                    form=f'{form}<w:ind w:left="160"/>' if label is not None and not at else form,
                )
                for at, column in enumerate(table.columns)
            ]
            yield _write_row(*cells)
    yield "</w:tbl>"


def _write_head(table: Table, widths: Sequence[int], size: float) -> Iterator[str]:
    """Yield the rows that each page repeats: spanners where there are any, and headings."""
    above, start = [], 0
    for label, width in list_spanners(table):
        form = {"span": width, "size": size, "ruled": bool(label)}
        room = sum(widths[start : start + width])
        above.append(_write_cell((Run(label),), room, "Table Spanner", **form))
        start += width
    if above:
        yield _write_row(*above, head=True)
    cells = [
        _write_cell(
            column.heading,
            widths[at],
            "Table Words" if column.words or not at else "Table Heading",
            size=size,
            form="<w:keepNext/>",
            ruled=True,
        )
        for at, column in enumerate(table.columns)
    ]
    yield _write_row(*cells, head=True)


def _write_row(*cells: str, head: bool = False) -> str:
    repeated = "<w:tblHeader/>" if head else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{''.join(cells)}</w:tr>"


def _write_cell(
    text: Text,
    width: int,
    style: str,
    *,
    size: float = SIZE,
    span: int = 1,
    ruled: bool = False,
    form: str = "",
) -> str:
    shape = f'<w:tcW w:w="{width}" w:type="dxa"/>'
    shape += f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    shape += f'<w:tcBorders>{_RULE}</w:tcBorders><w:vAlign w:val="bottom"/>' if ruled else ""
    told = _write_paragraph("".join(_write_runs(text, size)), style, form)
    return f"<w:tc><w:tcPr>{shape}</w:tcPr>{told}</w:tc>"


def _write_paragraph(runs: str, style: str, form: str = "") -> str:
    named = f'<w:pStyle w:val="{style.replace(" ", "")}"/>'
    return f"<w:p><w:pPr>{named}{form}</w:pPr>{runs}</w:p>"


def _write_runs(text: Text, size: float = SIZE) -> Iterator[str]:
    """Yield the runs of a text, references as fields that show what they lead to."""
    for run in text:
        if not run.link:
            yield _write_run(run, size)
            continue
        mark = run.link.replace("-", "_")
        kind, gap, number = run.text.rpartition(FIXED)
        if kind in {"Table", "Figure"}:
            yield _write_field(f"REF {mark} \\h", run.text, size)
        else:  # a number after others, or the first of "Tables 1 and 2"
            yield _write_run(Run(kind + gap), size) if kind else ""
            yield _write_field(f"REF {mark}_number \\h", number, size)


def _write_run(run: Run, size: float = SIZE) -> str:
    form = '<w:rStyle w:val="Code"/>' if run.code else ""
    form += "<w:i/>" if run.italic else ""
    form += f'<w:sz w:val="{round(2 * size)}"/>' if size != SIZE else ""
    shape = f"<w:rPr>{form}</w:rPr>" if form else ""
    return f'<w:r>{shape}<w:t xml:space="preserve">{_clean(run.text)}</w:t></w:r>'


def _write_field(code: str, shown: str, size: float = SIZE) -> str:
    """Return a field with its result, which Word does not compute when a file is opened."""
    start, middle, end = (
        f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")
    )
    asked = f'<w:r><w:instrText xml:space="preserve"> {code} </w:instrText></w:r>'
    return f"{start}{asked}{middle}{_write_run(Run(shown), size)}{end}"


def _clean(text: Any) -> str:
    """Return a text on one line as XML can hold it, in quotes as well."""
    return escape(_ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", write_on_line(text)))


_PICTURE = """<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0">
<wp:extent {size}/>{shown}<wp:cNvGraphicFramePr><a:graphicFrameLocks noChangeAspect="1"/>
</wp:cNvGraphicFramePr><a:graphic>
<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic>
<pic:nvPicPr><pic:cNvPr id="{id}" name="picture"/><pic:cNvPicPr/></pic:nvPicPr>
<pic:blipFill><a:blip r:embed="{link}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>
<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {size}/></a:xfrm><a:prstGeom prst="rect">
<a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>
</w:r>"""


def _set_properties(file: File, title: str) -> None:
    held = file.core_properties
    held.title = _ILLEGAL.sub("", title)[:255]
    held.author, held.comments, held.language = "", "", "en-US"
    for one in [*held._element]:
        if one.tag in {qn("dcterms:created"), qn("dcterms:modified")}:  # the same on every day
            held._element.remove(one)


def _set_pages(file: File) -> None:
    """Set the first pages upright, with their numbers at the top right; others follow them."""
    pages = file.sections[0]
    pages.page_width, pages.page_height = Inches(UPRIGHT + 2), Inches(SIDEWAYS + 2)
    for side in ("left", "right", "top", "bottom"):
        setattr(pages, f"{side}_margin", Inches(1))
    top = pages.header.paragraphs[0]
    top.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    top._p.extend([*parse_xml(f"<w:p {_SPACES}>{_write_field('PAGE', '1')}</w:p>")])


def _turn_page(upright: str) -> str:
    """Return the measures of pages on their side."""
    size = re.compile(r'<w:pgSz w:w="(\d+)" w:h="(\d+)"/>')
    return size.sub(r'<w:pgSz w:w="\2" w:h="\1" w:orient="landscape"/>', upright)


def _pack(file: File) -> bytes:
    """Return the bytes of a file, the same at any time."""
    held, packed = BytesIO(), BytesIO()
    file.save(held)
    with ZipFile(held) as old, ZipFile(packed, "w") as new:
        for one in old.infolist():
            entry = ZipInfo(one.filename, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = ZIP_STORED if one.filename.endswith(".png") else ZIP_DEFLATED
            new.writestr(entry, old.read(one))
    return packed.getvalue()
