"""The Word file: everything of the document, numbers as fields, pages on their side, any text.

Files are read by the standard library: a ZIP archive of XML.
"""

import re
import struct
import time
import zlib
from io import BytesIO
from xml.etree import ElementTree
from zipfile import ZipFile

import pandas as pd
import pytest

from exprstats.document.docx import render_docx
from exprstats.document.model import Column, Document, Figure, Section, Table, list_columns
from exprstats.document.numbering import move_appendix, number_document
from exprstats.document.text import Run, say, write_plain

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
HOSTILE = [
    "<script>alert('1')</script>",
    'quo"te & </w:t></w:r>',
    "line\r\nbreak\tand \x00 \x0b \ud800 \uffff",
    "表情 é שלום",
]
# ECMA-376 part 1, 17.3.1.26, 17.3.2.28, 17.4.59, 17.4.66, as far as they are used.
ORDERS = {
    "pPr": ["pStyle", "keepNext", "pageBreakBefore", "pBdr", "spacing", "ind", "jc", "sectPr"],
    "rPr": ["rStyle", "i", "sz"],
    "tblPr": ["tblStyle", "tblW", "tblLayout", "tblCaption", "tblDescription"],
    "tcPr": ["tcW", "gridSpan", "tcBorders", "vAlign"],
    "trPr": ["cantSplit", "tblHeader"],
}


def save_png(path, width, height):
    rows = b"".join(b"\0" + b"\x80" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(held)) + kind + held + struct.pack(">I", zlib.crc32(kind + held))
            for kind, held in parts
        )
    )


def build_table(name, rows=3, columns=4, **more):
    heads = {f"c{place}": f"Column {place}" for place in range(1, columns)}
    shown = (Column("name", say("Name"), words=True), *list_columns(**heads))
    cells = pd.DataFrame(
        [
            {
                "name": f"{name} {row}",
                **{key: f"{row}.{place:04}" for place, key in enumerate(heads)},
            }
            for row in range(rows)
        ]
    )
    return Table(name, f"The Title of {name}", shown, cells, **more)


@pytest.fixture(scope="module")
def document():
    grouped = build_table("grouped", main=True, notes=(say("*M* = mean; see <Table wide>."),))
    columns = tuple(
        Column(one.key, one.heading, "Above" if place > 1 else "", one.words)
        for place, one in enumerate(grouped.columns)
    )
    cells = grouped.cells.assign(block=["First", "First", "Second"])
    grouped = Table("grouped", grouped.title, columns, cells, "block", grouped.notes, main=True)
    hostile = build_table("hostile", rows=len(HOSTILE), columns=2, main=True)
    hostile = Table("hostile", HOSTILE[0], hostile.columns, hostile.cells.assign(name=HOSTILE))
    figures = (
        Figure("tall", "Tall", lambda: None, say('It says "{x}".', x=HOSTILE[1]), main=True),
        Figure("broad", "Broad", lambda: None, say("Broad."), notes=(say("A note."),), main=True),
    )
    sections = (
        Section(
            "one",
            "First results",
            sentences=(say("*M* rose (<Table grouped, Table long, Figure tall>)."),),
            caveats=(say("Few {what}; <Table wide, Table hostile> show more.", what="people"),),
            points=(say("A point."),),
            steps=((Run("exprstats check", code=True),),),
            tables=(grouped, build_table("long", rows=45, main=True)),
            figures=figures,
        ),
        Section("two", "Second results", tables=(build_table("wide", columns=22), hostile)),
    )
    whole = Document("A & B", (say("Incomplete."),), sections, (say("Author (2020). *Title*."),))
    return number_document(move_appendix(whole))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    save_png(folder / "tall.png", 200, 900)
    save_png(folder / "broad.png", 1200, 300)
    return {"1": folder / "tall.png", "2": folder / "broad.png"}


@pytest.fixture(scope="module")
def packed(document, pictures):
    return render_docx(document, pictures)


def open_part(packed, name="word/document.xml"):
    with ZipFile(BytesIO(packed)) as file:
        assert file.testzip() is None
        return ElementTree.fromstring(file.read(name))


@pytest.fixture(scope="module")
def body(packed):
    return open_part(packed).find(f"{W}body")


def read(element):
    """Return the visible text: of fields, what they show."""
    told = "".join(one.text or "" for one in element.iter(f"{W}t"))
    return told.replace("\N{NO-BREAK SPACE}", " ").replace("\N{ZERO WIDTH SPACE}", "")


def get(element, path, name="val"):
    found = element.find("/".join(f"{W}{one}" for one in path.split("/")))
    return None if found is None else found.get(f"{W}{name}")


def clean(text):
    line = re.sub(r"\s*[\r\n\t\v\f]+\s*", " ", text)
    return re.sub("[\x00-\x1f\ud800-\udfff\uffff]", "\ufffd", line).replace(
        "\N{NO-BREAK SPACE}", " "
    )


def list_tables(document):
    sections = (*document.sections, *document.appendix)
    return [table for section in sections for table in section.tables]


def test_paragraphs_stand_in_the_order_of_the_page_in_styles_of_their_own(document, body, packed):
    found = [
        (get(one, "pPr/pStyle"), read(one)) for one in body.findall(f"{W}p") if read(one) != ""
    ]
    known = {one.get(f"{W}styleId") for one in open_part(packed, "word/styles.xml")}
    used = {one.get(f"{W}val") for one in body.iter() if one.tag.endswith("Style")}
    assert used <= known
    opening = [
        ("Title", "A & B"),
        ("Banner", "Incomplete."),
        ("Heading1", "First results"),
        ("Normal", "M rose (Tables 1 and 2, Figure 1)."),
        ("ListBullet", "A point."),
        ("Caution", "Few people; Tables A1 and A2 show more."),
        ("Normal", "exprstats check"),
        ("Caption", "Table 1"),
        ("CaptionTitle", "The Title of grouped"),
        ("TableNote", "Note. M = mean; see Table A1."),
        ("Caption", "Table 2"),
    ]
    assert found[: len(opening)] == opening
    titles = [text for style, text in found if style in {"Heading1", "Heading2"}]
    assert titles == [
        "First results",
        "Second results",
        "References",
        "Appendix: Further tables and figures",
        "Second results",
    ]
    captions = [text for style, text in found if style == "Caption"]
    assert captions == ["Table 1", "Table 2", "Figure 1", "Figure 2", "Table A1", "Table A2"]


def test_tables_hold_every_cell_below_their_headings(document, body):
    shown = body.findall(f"{W}tbl")
    for table, grid in zip(list_tables(document), shown, strict=True):
        rows = [[read(cell) for cell in row.findall(f"{W}tc")] for row in grid.findall(f"{W}tr")]
        whole = [row for row in rows if len(row) == len(table.columns)]
        assert whole[0] == [write_plain(one.heading) for one in table.columns]
        keys = [one.key for one in table.columns]
        cells = table.cells[keys].to_numpy().tolist()
        assert whole[1:] == [[clean(cell) for cell in row] for row in cells]
        assert get(grid, "tblPr/tblCaption") == f"Table {table.number}"
        assert get(grid, "tblPr/tblDescription") == clean(table.title)
    first = [[read(cell) for cell in row.findall(f"{W}tc")] for row in shown[0].findall(f"{W}tr")]
    assert first[0] == ["", "Above"]
    assert [row for row in first if len(row) == 1] == [["First"], ["Second"]]


def test_rows_fill_the_width_and_headings_repeat_on_every_page(document, body):
    for table, grid in zip(list_tables(document), body.findall(f"{W}tbl"), strict=True):
        widths = [int(one.get(f"{W}w")) for one in grid.find(f"{W}tblGrid")]
        assert len(widths) == len(table.columns)
        heads = [row.find(f"{W}trPr/{W}tblHeader") is not None for row in grid.iter(f"{W}tr")]
        spanned = any(one.spanner for one in table.columns)
        assert heads == [True] * (1 + spanned) + [False] * (len(heads) - 1 - spanned)
        for row in grid.iter(f"{W}tr"):
            cells = row.findall(f"{W}tc")
            spans = [int(get(cell, "tcPr/gridSpan") or 1) for cell in cells]
            assert sum(spans) == len(widths)
            assert sum(int(get(cell, "tcPr/tcW", "w")) for cell in cells) == sum(widths)
            assert row.find(f"{W}trPr/{W}cantSplit") is not None


def test_short_tables_stay_on_one_page_and_long_ones_do_not_leave_their_title(body):
    short, long = body.findall(f"{W}tbl")[:2]
    kept = [one.find(f"{W}pPr/{W}keepNext") is not None for one in short.iter(f"{W}p")]
    styles = [get(one, "pPr/pStyle") for one in short.iter(f"{W}p")]
    loose = {style for style, keep in zip(styles, kept, strict=True) if not keep}
    assert loose <= {"TableSpanner", "TableGroup"}  # these styles keep with the next themselves
    rows = long.findall(f"{W}tr")[1:]
    assert not any(row.find(f".//{W}keepNext") is not None for row in rows)


def list_fields(element):
    """Return (code, what it shows) of every field."""
    fields, code, shown, state = [], "", "", ""
    for one in element.iter():
        if one.tag == f"{W}fldChar":
            state = one.get(f"{W}fldCharType")
            if state == "begin":
                code, shown = "", ""
            elif state == "end":
                fields.append((code.split(), shown))
        elif one.tag == f"{W}instrText":
            code += one.text
        elif one.tag == f"{W}t" and state == "separate":
            shown += one.text
    return fields


def list_marks(body):
    """Return what stands between the two ends of each bookmark."""
    marks, open_ones, names = {}, {}, {}
    for one in body.iter():
        if one.tag == f"{W}bookmarkStart":
            name = one.get(f"{W}name")
            assert name not in marks and one.get(f"{W}id") not in names
            names[one.get(f"{W}id")] = name
            marks[name] = ""
            open_ones[one.get(f"{W}id")] = name
        elif one.tag == f"{W}bookmarkEnd":
            del open_ones[one.get(f"{W}id")]
        elif one.tag == f"{W}t":
            for name in open_ones.values():
                marks[name] += one.text
    assert not open_ones
    return marks


def test_references_are_fields_that_show_what_their_bookmark_holds(body):
    marks = list_marks(body)
    references = [(code, shown) for code, shown in list_fields(body) if code[0] == "REF"]
    assert len(references) == 6
    for code, shown in references:
        assert marks[code[1]] == shown
    counts = {}
    for code, shown in list_fields(body):
        if code[0] == "SEQ":
            counts.setdefault(code[1], []).append(shown)
    assert counts == {"Table": ["1", "2"], "Figure": ["1", "2"], "TableA": ["1", "2"]}


def test_wide_tables_lie_on_pages_on_their_side_with_the_heading_above(body):
    pages = [[]]
    turned = []
    for one in body:
        pages[-1].append(read(one)[:30])
        section = one if one.tag == f"{W}sectPr" else one.find(f"{W}pPr/{W}sectPr")
        if section is not None:
            size = section.find(f"{W}pgSz")
            width, height = int(size.get(f"{W}w")), int(size.get(f"{W}h"))
            assert (width > height) == (size.get(f"{W}orient") == "landscape")
            turned.append(width > height)
            pages.append([])
    assert turned == [False, True, False]
    assert pages[1][:3] == ["Second results", "Table A1", "The Title of wide"]
    assert pages[2][0] == "Table A2"


def test_figures_keep_their_shape_and_say_what_they_show(body):
    shapes = [one for one in body.iter() if one.tag.endswith("}inline")]
    sizes, told = [], []
    for one in shapes:
        extent = next(part for part in one if part.tag.endswith("}extent"))
        sizes.append((int(extent.get("cx")), int(extent.get("cy"))))
        told.append(next(part for part in one if part.tag.endswith("}docPr")).get("descr"))
    (tall, broad), inch = sizes, 914_400
    assert tall[1] == 7 * inch and tall[0] / tall[1] == pytest.approx(200 / 900, rel=1e-4)
    assert broad[0] == 6.5 * inch and broad[0] / broad[1] == pytest.approx(4, rel=1e-4)
    assert told == [f"It says “{HOSTILE[1]}”.".replace("“", '"').replace("”", '"'), "Broad."]


def test_properties_stand_in_the_order_that_word_reads(body):
    for one in body.iter():
        order = ORDERS.get(one.tag.removeprefix(W))
        if order is not None:
            places = [order.index(child.tag.removeprefix(W)) for child in one]
            assert places == sorted(places), [child.tag for child in one]


def test_the_same_document_gives_the_same_bytes_at_any_time(
    document, pictures, packed, monkeypatch
):
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    monkeypatch.setattr(time, "localtime", lambda *_: time.struct_time((2033, 5, 18, 3) + (0,) * 5))
    assert render_docx(document, pictures) == packed


def test_the_file_names_its_title_and_language_and_nobody(packed):
    with ZipFile(BytesIO(packed)) as file:
        told = file.read("docProps/core.xml").decode()
    assert "<dc:title>A &amp; B</dc:title>" in told and "<dc:language>en-US</dc:language>" in told
    assert "python-docx" not in told and "2013" not in told
