from dataclasses import dataclass

import pandas as pd
import pytest

from exprstats.errors import OptionError
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


def test_a_prompt_shows_a_line_and_not_all_fields():
    assert repr(Count(TABLE)) == "<Count: 2 rows of term, estimate, note, …; print it to read it>"


def test_swapped_arguments_are_named():
    from exprstats.measurement import score_clips
    from exprstats.models import predict_clips

    for verb, maker in ((score_clips, "fit_factor"), (predict_clips, "fit_elastic or fit_forest")):
        with pytest.raises(OptionError, match=f"must be what {maker} returns; got a DataFrame"):
            verb(TABLE, TABLE)
