"""Tables laid out column by column, read back cell by cell."""

import numpy as np
import pandas as pd

from exprstats.apa import write_count, write_number, write_percent
from exprstats.document.model import keep
from exprstats.document.tables import (
    column,
    estimate_columns,
    match_row,
    name_interval,
    p_columns,
    tabulate,
)
from exprstats.document.text import say, write_plain


def make_rows():
    return pd.DataFrame(
        {
            "item": ["smile", "frown", "smile"],
            "term": ["icc", "icc", "alpha"],
            "n": [1200, 7, 3],
            "estimate": [0.5, np.nan, 0.25],
            "conf_low": [0.4, np.nan, 0.2],
            "conf_high": [0.6, np.nan, 0.3],
            "p_value": [0.0004, 0.042, np.nan],
            "p_adjusted": [0.0008, 0.084, np.nan],
            "share": [0.125, 1.0, np.nan],
        }
    )


def test_each_column_writes_its_cells_and_says_what_stands_above():
    columns = (
        column("item", "Question"),
        column("n", "Clips", write_count, under="Counts"),
        None,
        *estimate_columns(0.9),
        *p_columns(),
        column("share", say("{name}", name="*x*"), write_percent, decimals=1),
    )
    table = tabulate("all", "All", make_rows(), columns, main=True)
    assert [one.words for one in table.columns] == [True, *[False] * 6]
    assert [write_plain(one.heading).replace("\xa0", " ") for one in table.columns] == [
        *("Question", "Clips", "Estimate", "90% CI", "p", "Holm p", "*x*")
    ]
    assert [one.spanner for one in table.columns] == ["", "Counts", *[""] * 5]
    assert table.cells.to_numpy().tolist() == [
        ["smile", "1,200", ".50", "[.40, .60]", "< .001", "< .001", "12.5%"],
        ["frown", "7", "—", "—", ".042", ".084", "100.0%"],
        ["smile", "3", ".25", "[.20, .30]", "—", "—", "—"],
    ]
    assert table.main and table.group is None and len(table.rows) == 3


def test_a_cell_may_come_from_another_row_or_from_the_whole_one():
    rows = make_rows()
    alpha = match_row(rows, "item", term="alpha")
    columns = (
        column("both", "Both", of=lambda row: f"{row['item']}: {row['n']}", words=True),
        *estimate_columns(None, key="alpha", of=alpha, bounded=False, decimals=3),
    )
    lines = rows[rows["term"].eq("icc")].to_dict("records")
    table = tabulate("alpha", "Alpha", lines, columns, group="item", rows=rows.head(1))
    assert [one.key for one in table.columns] == ["both", "alpha", "alpha_limits"]
    assert table.cells["both"].tolist() == ["smile: 1200", "frown: 7"]
    assert table.cells["alpha"].tolist() == ["0.250", "—"]
    assert table.cells["alpha_limits"].tolist() == ["[0.200, 0.300]", "—"]
    assert table.group == "item" and table.cells["item"].tolist() == ["smile", "frown"]
    assert len(table.rows) == 1


def test_lines_that_are_no_frame_have_no_rows_behind_them():
    table = tabulate("one", "One", [{"x": 0.5}], [column("x", "X", write_number)])
    assert table.rows is None and table.cells["x"].tolist() == ["0.50"]
    empty = tabulate("none", "None", [], [column("x", "X")], group="y")
    assert empty.cells.columns.tolist() == ["x", "y"] and empty.cells.empty


def test_what_is_absent_leaves_no_trace():
    assert keep(None, say("a"), None) == (say("a"),)
    assert write_plain(name_interval(0.95)).replace("\xa0", " ") == "95% CI"
    assert write_plain(name_interval(None)).strip() == "CI"
