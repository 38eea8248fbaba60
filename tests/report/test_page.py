"""The page: its sections, its numbers, its words. Numbers as printed, formatted here anew."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from exprstats.document.text import write_plain
from exprstats.report import gather_analysis, write_report

BOTH = ["analysed", "methods", "session", "references"]


@pytest.fixture(scope="module")
def page(plain, tmp_path_factory, read_page, without_pictures):
    place = tmp_path_factory.mktemp("page") / "report"
    # What figures show is looked at in tests of the folder.
    with without_pictures():
        return read_page(write_report(plain, place, title="Faces & <feelings>"))


def print_bounded(value, decimals=2):
    """Print as APA does, by other means than the package."""
    text = str(round(value, decimals)).lstrip("-").ljust(decimals + 2, "0")
    sign = "−" if value < 0 and float(text) else ""
    return sign + (text[1:] if text.startswith("0.") else text)


def test_the_page_is_whole_and_needs_nothing_from_outside(page):
    assert page.unclosed == []
    assert not {"script", "iframe", "object", "link", "form"} & set(page.tags)
    assert all(value.startswith("data:image/svg+xml;base64,") for value in list_values(page, "src"))
    assert all(value.startswith("#") for value in list_values(page, "href"))
    policy = next(value for value in list_values(page, "content") if "default-src" in value)
    assert policy.startswith("default-src 'none';")
    assert "Faces & <feelings>" in page.text


def list_values(page, name):
    return [value for _, key, value in page.attributes if key == name]


def test_every_link_of_the_contents_leads_to_a_section(page):
    anchors = [value[1:] for value in list_values(page, "href")]
    shown = [one for one in anchors if one.startswith(("table-", "figure-"))]
    assert [one for one in anchors if one not in shown] == page.list_sections()
    assert set(shown) <= set(list_values(page, "id"))
    assert len(set(list_values(page, "id"))) == len(list_values(page, "id"))


@pytest.mark.usefixtures("blank_pictures")
@pytest.mark.parametrize(
    ("pick", "sections"),
    [
        ("reliability", ["reliability"]),
        ("factor", ["measurement", "scores"]),
        ("models", ["features", "fits", "weights"]),
        ("comparison", ["performance", "comparisons"]),
    ],
)
def test_a_section_exists_if_the_study_has_its_input(plain, tmp_path, read_page, pick, sections):
    page = read_page(write_report([getattr(plain, pick)], tmp_path / "report"))
    found = [one for one in page.list_sections() if one != "appendix"]
    assert found == [BOTH[0], *sections, *BOTH[1:]]


def test_table_1_prints_the_headline_and_the_f_interval(page, plain):
    rows = plain.reliability.tidy()
    printed = [row for row in page.find_table("Question") if len(row) > 5][-12:-3]
    headline = rows[rows["headline"]].to_dict("records")
    for cells, row in zip(printed, headline, strict=True):
        same = rows[(rows["item"] == row["item"]) & (rows["term"] == "ICC(1,k)")]
        pooled = pd.isna(row["context"])
        same = same[same["context"].isna() if pooled else same["context"] == row["context"]]
        other = same[(same["k_rule"] == row["k_rule"]) & (same["method"] == "f")].iloc[0]
        assert row["method"] == "jackknife"
        assert cells[:2] == [row["item"], print_bounded(row["estimate"])]
        assert cells[2].startswith(f"[{print_bounded(row['conf_low'])}, ")
        assert cells[3].startswith(f"[{print_bounded(other['conf_low'])}, ")
        assert cells[6:] == [f"{row['n_clips']:,}", f"{row['n_clusters']:,.0f}"]


def test_table_3_prints_each_models_score_in_each_context(page, plain):
    rows = plain.comparison.tidy()
    shown = rows[rows["headline"] & rows["versus"].isna()]
    table = page.find_table("ElasticNet")
    assert table[0] == ["Model", "startle", "pain", "All"]
    found, metric = {}, None
    for row in table[1:]:
        metric = row[0] if len(row) == 1 else metric
        if len(row) > 1:
            found[metric, row[0]] = row[1:]
    for metric, heading in (
        ("nrmse", "NRMSE (lower is better)"),
        ("correlation", "Correlation (higher is better)"),
    ):
        for model, name in (("elastic", "ElasticNet"), ("normal", "Normal baseline")):
            here = shown[(shown["metric"] == metric) & (shown["model"] == model)]
            cells = found[heading, name]
            for cell, value in zip(cells, here["estimate"], strict=True):
                assert cell.split(" ")[0] == print_bounded(value, 3)
    assert found["Correlation (higher is better)", "Mean baseline"] == ["—"] * 3


def test_table_4_prints_p_and_holm_p(page, plain):
    rows = plain.comparison.tidy()
    shown = rows[rows["headline"] & rows["versus"].eq("normal") & rows["context"].isna()]
    table = page.find_table("ElasticNet minus")
    cells = [row for row in table if row[0] == "Normal baseline"][-1]
    for place, (_, row) in enumerate(shown.iterrows()):
        part = cells[1 + 4 * place : 5 + 4 * place]
        assert part[0] == print_bounded(row["estimate"], 3)
        for cell, p in ((part[2], row["p_value"]), (part[3], row["p_adjusted"])):
            assert cell == ("< .001" if p < 0.001 else print_bounded(p, 3))


def test_every_table_and_figure_is_numbered_and_named_in_a_sentence(page):
    numbers = [caption[0] for caption in page.captions]
    assert sorted(numbers) == [
        *(
            "Figure 1",
            "Figure 2",
            "Figure 3",
            "Table 1",
            "Table 2",
            "Table 3",
            "Table 4",
            "Table 5",
        ),
        *("Table A1", "Table A2", "Table A3", "Table A4", "Table A5"),
    ]
    assert all(len(caption[1]) > 5 for caption in page.captions)
    for number in numbers:
        assert re.search(rf"\(([^()]*[,;] )?{number}[,;)]", page.text), number


def test_the_methods_paragraph_is_silent_on_what_there_is_not(plain):
    from exprstats.report.methods.paragraph import describe_procedure

    told, cited = describe_procedure(gather_analysis([plain.models, plain.comparison]))
    methods = " ".join(map(write_plain, told.sentences))
    assert "raters" not in methods and "ω" not in methods
    rows = plain.comparison.table[plain.comparison.table["method"] != "ols_cluster"]
    once = replace(plain.comparison, table=rows)
    told, without = describe_procedure(gather_analysis([plain.models, once]))
    assert "statsmodels" in methods and "statsmodels" not in " ".join(
        map(write_plain, told.sentences)
    )
    assert cited - without == {"seabold"}


def test_caveats_stand_beside_the_numbers(page):
    for words in (
        "Fit cannot be tested with three items",
        "no degrees of freedom",
        "too narrow where they are alike",
        "come from the same model fitted to the training subjects only",
        "SE and intervals by a delete-one jackknife over 24 subjects",
        "which take clips as independent, are the rows of method ml",
        "The intervals rest on 6 test subjects; with fewer than 10 intervals are not trustworthy",
        "predictions that do not vary have no correlation",
        "Weights are shown without intervals",
    ):
        assert words in page.text, words


def test_the_methods_paragraph_counts_what_was_rated_and_names_every_method(page, plain):
    ratings, clips = plain.ratings, plain.ratings[["context", "clip"]].drop_duplicates()
    methods = page.text.partition("Methods paragraph ")[2].partition("Methods paragraph ")[2]
    methods = methods.partition("This text can be pasted")[0]
    people = plain.parts["part"].value_counts()
    for words in (
        f"{ratings['rater'].nunique()} raters gave {len(ratings):,} ratings on 3 questions to "
        f"{len(clips)} clips of {ratings['subject'].nunique()} subjects in 2 contexts. Inter-",
        f"was fitted to response, emotion, and motion of {len(clips)} clips by maximum",
        "intervals by a delete-one jackknife over 24 subjects. Factor",
        "was measured by ω, the share of the variance of the summed items that the factor "
        "explains, and by Cronbach’s (1951) α",
        f"The 24 subjects of {len(plain.data)} clips were divided at random into "
        f"{people['train']} for training, {people['validate']} for validation, and "
        f"{people['test']} for testing; all",
        "(statsmodels; Seabold & Perktold, 2010) tested the differences of mean errors as well",
    ):
        assert words in methods, words
    assert "reliability of the scores" not in methods and "The ceiling" not in methods


def test_every_work_cited_is_listed_and_every_work_listed_is_cited(page):
    text = page.text.split(page.references[0][:30])[0]
    listed = {(one.split(",")[0], re.search(r"\((\d{4})\)", one)[1]) for one in page.references}
    assert {name for name, _ in listed} >= {"Bartlett", "McGraw", "Zou", "Holm", "Lin"}
    assert [one.split(",")[0] for one in page.references] == sorted(name for name, _ in listed)
    for name, year in listed:
        assert re.search(rf"{name}[^;)]{{0,40}}{year}", text), name
    cited = re.findall(r"[(;] ?([A-Z]\w+)(?: & \w+| et al\.)?, (\d{4})", text)
    assert len(cited) >= 6
    assert set(cited) <= listed


@pytest.mark.usefixtures("blank_pictures")
def test_the_page_says_the_same_without_contexts(run_path_without_r, tmp_path, read_page):
    results = run_path_without_r(by=None)
    page = read_page(write_report(results, tmp_path / "report"))
    assert page.find_table("ElasticNet")[0] == ["Model", "Estimate"]
    assert [len(row) for row in page.find_table("Question")][-3:] == [8, 8, 8]
    assert "within each context" not in page.text
    assert "context" not in page.text.split("References")[0].replace("Context-dependent", "")


def test_a_table_without_rows_in_full_is_a_frame_of_texts(plain):
    from exprstats.report import build_document

    document = build_document(gather_analysis(plain, None))
    for section in document.sections:
        for table in section.tables:
            cells = table.cells[[column.key for column in table.columns]]
            assert cells.map(lambda cell: isinstance(cell, str)).all(axis=None), table.name
            assert isinstance(table.rows, pd.DataFrame)
