"""Numbers of tables and figures in order of appearance, and references that follow them."""

import pandas as pd
import pytest

from exprstats.document.model import Document, Figure, Section, Table, refer_to
from exprstats.document.numbering import number_document
from exprstats.document.text import cite, join_texts, say, write_plain


def build_table(name, **more):
    return Table(name, name.title(), (), pd.DataFrame(), **more)


def build_figure(name, **more):
    return Figure(name, name.title(), lambda: None, say("The numbers of <Table one>."), **more)


def number(*sections, banners=()):
    return number_document(Document("T", banners, sections))


def read(texts):
    return [write_plain(text).replace("\N{NO-BREAK SPACE}", " ") for text in texts]


def test_main_and_other_tables_count_apart_in_order():
    first = Section(
        "a",
        "A",
        tables=(build_table("two"), build_table("one", main=True), build_table("three")),
        figures=(build_figure("curve"),),
    )
    last = Section("b", "B", tables=(build_table("four", main=True),))
    found = number(first, last).sections
    assert [[table.number for table in one.tables] for one in found] == [["A1", "1", "A2"], ["2"]]
    assert [figure.number for figure in found[0].figures] == ["A1"]
    assert found[0].tables[1].stem == "table1_one"
    assert read([found[0].figures[0].words]) == ["The numbers of Table 1."]


def test_a_document_without_main_tables_counts_plainly():
    (found,) = number(Section("a", "A", tables=(build_table("x"), build_table("y")))).sections
    assert [table.number for table in found.tables] == ["1", "2"]


@pytest.mark.parametrize(
    ("template", "printed"),
    [
        ("It rose (<Table one>).", "It rose (Table 1)."),
        ("It rose (<Table one, Table two, Figure curve>).", "It rose (Tables 1 and 2, Figure 1)."),
        ("It rose (<Table one, Table none>).", "It rose (Table 1)."),
        ("It rose (<Table none>).", "It rose."),
        ("It rose (twice; <Table none>).", "It rose (twice)."),
        ("It rose (<Table none>; twice).", "It rose (twice)."),
        ("It rose. <Table none> lists it. It fell.", "It rose. It fell."),
        ("<Table two, Figure curve> show it.", "Table 2 and Figure 1 show it."),
        ("<Table one, Table two, Table three> show it.", "Tables 1, 2, and 3 show it."),
    ],
)
def test_references_are_printed_as_far_as_they_lead_somewhere(template, printed):
    tables = tuple(build_table(name) for name in ("one", "two", "three"))
    figures = (build_figure("curve"),)
    section = Section("a", "A", sentences=(say(template),), tables=tables, figures=figures)
    assert read(number(section).sections[0].sentences) == [printed]


def test_a_paragraph_about_a_missing_table_alone_is_left_out():
    section = Section("a", "A", sentences=(say("<Figure none> shows it."), say("It rose.")))
    found = number(section, banners=(say("See <Table none>."), say("Mind this.")))
    assert read(found.sections[0].sentences) == ["It rose."]
    assert read(found.banners) == ["Mind this."]


def test_a_missing_table_takes_its_own_sentence_alone_from_texts_that_were_joined():
    told = [cite("It rose", "Table x"), say("<Table none> lists it."), say("It fell.")]
    section = Section("a", "A", sentences=(join_texts(told),), tables=(build_table("x"),))
    assert read(number(section).sections[0].sentences) == ["It rose (Table 1). It fell."]


def test_a_section_refers_to_its_own_table_of_two_with_one_name():
    twins = [
        Section(name, name, sentences=(say("(<Table x>)"),), tables=(build_table("x"),))
        for name in "ab"
    ]
    found = number(*twins).sections
    assert [read(one.sentences) for one in found] == [["(Table 1)"], ["(Table 2)"]]


def test_links_lead_to_what_is_named_and_names_of_the_data_are_no_references():
    told = say("{name} won (<Table x>){more}.", name="<Table x> *y*", more=say(" by <Table x>"))
    section = Section("a", "A", sentences=(told,), tables=(build_table("x"),))
    (text,) = number(section).sections[0].sentences
    assert read([text]) == ["<Table x> *y* won (Table 1) by Table 1."]
    assert [run.link for run in text if run.link] == ["table-1", "table-1"]


def test_the_sentence_of_a_result_is_cited_in_its_own_brackets():
    tables = (build_table("x"), build_table("y"))
    told = (cite("It rose (p = .2).", "Table x"), cite("It rose.", "Table x", "Table y"))
    section = Section("a", "A", sentences=(*told, refer_to(*tables)), tables=tables)
    assert read(number(section).sections[0].sentences) == [
        "It rose (p = .2; Table 1).",
        "It rose (Tables 1 and 2).",
        "See Tables 1 and 2.",
    ]
