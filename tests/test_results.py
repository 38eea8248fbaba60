from dataclasses import dataclass

import pandas as pd

from exprstats.results import Result, write_cells


@dataclass(frozen=True, slots=True, eq=False)
class Count(Result):
    table: pd.DataFrame

    def glance(self):
        return self.table.head(1)

    def sentence(self):
        return "Two were counted."


TABLE = pd.DataFrame({"term": ["<a>", "b"], "estimate": [0.12345, None], "note": [None, None]})


def test_a_result_prints_its_sentence_and_its_rows():
    text = str(Count(TABLE))
    assert text.startswith("Two were counted.\n\n")
    assert "0.123" in text
    assert "note" not in text


def test_who_changes_the_rows_does_not_change_the_result():
    result = Count(TABLE.copy())
    rows = result.tidy()
    rows["estimate"] = 0.0
    assert result.table["estimate"].iloc[0] == 0.12345


def test_names_are_escaped_where_a_notebook_shows_them():
    html = Count(TABLE)._repr_html_()
    assert "&lt;a&gt;" in html
    assert "<a>" not in html


def test_cells_are_texts_and_empty_columns_are_left_out():
    cells = write_cells(TABLE, decimals=1)
    assert cells.to_dict("list") == {"term": ["<a>", "b"], "estimate": ["0.1", "—"]}


def test_the_pooled_row_is_called_all():
    table = pd.DataFrame({"context": ["pain", None], "estimate": [0.1, 0.2]})
    assert write_cells(table)["context"].tolist() == ["pain", "All"]
    assert table["context"].isna().tolist() == [False, True]
