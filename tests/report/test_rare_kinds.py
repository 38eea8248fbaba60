"""Audits and training runs: printed as they are; nothing, or twice the same.

Cells against the tidy rows, to the printed decimals.
"""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from exprstats.document.text import write_plain
from exprstats.errors import OptionError
from exprstats.inference import split_variance
from exprstats.reliability import audit_table
from exprstats.report import build_document, gather_analysis, write_report


def describe(results):
    document = build_document(gather_analysis(results, None))
    mine = ("further", "training")
    sections = [one for one in document.sections if one.name.startswith(mine)]
    tables = [table for section in sections for table in section.tables]
    return sections, tables, document


@pytest.fixture(scope="module")
def audit():
    """Two published rows as their authors print them, the second with a wrong limit."""
    row = {"question": "response", "estimate": ".82", "conf_low": ".77", "conf_high": ".86"}
    row |= {"n_clips": 140, "raters_per_clip": 6}
    return audit_table(pd.DataFrame([row, row | {"question": "motion", "conf_low": ".60"}]))


@pytest.fixture(scope="module")
def variance():
    rng = np.random.default_rng(3)
    truth = rng.normal(size=60)
    runs = [
        pd.DataFrame(
            {
                "clip": range(60),
                "subject": np.repeat(range(12), 5),
                "model": model,
                "seat": seat,
                "truth": truth,
                "prediction": truth + noise * rng.normal(size=60),
            }
        )
        for model, noise in (("net", 0.5), ("forest", 0.8))
        for seat in range(3)
    ]
    return split_variance(pd.concat(runs), metrics="rmse", against="net")


def test_an_audit_prints_published_numbers_as_they_were_printed(audit):
    (section,), (table,), _ = describe([audit])
    assert section.title == "Audit of published reliabilities"
    cells = table.cells
    assert cells["estimate"].tolist() == [".82"]
    assert cells["printed"].tolist() == ["[.60, .86]"]


def test_training_runs_print_the_estimate_before_its_errors(variance):
    (section,), (table,), _ = describe([variance])
    assert section.title == "Variance between training runs"
    keys = [column.key for column in table.columns]
    assert keys.index("estimate") < keys.index("error_test") < keys.index("share_training")
    for name in ("estimate", "error_test", "error_training"):
        printed = [float(cell.replace("−", "-")) for cell in table.cells[name]]
        np.testing.assert_allclose(printed, variance.table[name], atol=0.00051)
    told = write_plain(section.sentences[0])
    assert told.startswith("RMSE of net") and "forest" in told and " - " not in told
    assert "net − forest" in set(table.cells["pair"])


def test_a_result_without_rows_has_its_section_and_no_table(audit, variance, tmp_path):
    empty = [dataclasses.replace(one, table=one.table.iloc[:0]) for one in (audit, variance)]
    sections, tables, _ = describe(empty)
    assert len(sections) == 2 and tables == []
    assert write_report(empty, tmp_path / "report").is_file()


def test_the_same_result_twice_is_printed_once(audit, variance):
    assert len(describe([audit, variance, audit])[0]) == 2
    other = dataclasses.replace(audit)
    assert len(describe([audit, other])[0]) == 2


def test_nothing_and_no_results_are_refused():
    for nothing in ([], (), None, "text", [None]):
        with pytest.raises(OptionError, match=r"results is empty|cannot be made of"):
            gather_analysis(nothing, None)


def test_methods_do_not_claim_the_path_of_a_paper_that_was_not_followed(audit, plain):
    for results, follows in ([audit], False), (list(plain), True):
        document = describe(results)[2]
        methods = next(one for one in document.sections if one.name == "methods")
        told = " ".join(map(write_plain, methods.sentences))
        assert ("The analysis follows Lin, Girard, and Morency (2020)" in told) is follows
        assert any("Lin, V." in write_plain(one) for one in document.references) is follows


@pytest.mark.usefixtures("blank_pictures")
def test_only_tables_of_one_block_are_held_on_one_printed_page(plain, tmp_path):
    page = write_report(list(plain), tmp_path / "report").read_text(encoding="utf-8")
    flags = re.findall(r'<figure class="table( short)?" id="table-(\w+)">', page)
    short = {number: bool(flag) for flag, number in flags}
    # Table 1 has nine lines in three blocks, that of the features three lines in one.
    assert short["A4"] and not short["1"]
