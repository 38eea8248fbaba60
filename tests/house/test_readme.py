"""What the README shows must run today."""

import re
import tomllib
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def read_blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.usefixtures("blank_pictures")
def test_the_python_lines_run(tmp_path, monkeypatch, capsys, use_few):
    monkeypatch.chdir(tmp_path)
    [code] = read_blocks("python")
    with use_few():
        exec(compile(code, "README.md", "exec"), {})
    assert "ICC" in capsys.readouterr().out
    assert (tmp_path / "my_report" / "index.html").is_file()


def test_the_study_file_is_one_that_we_read(tmp_path):
    import exprstats as ex

    [text] = read_blocks("toml")
    study = ex.simulate_expressiveness(subjects=10, seed=1)
    for name, table in (("ratings", study.ratings), ("clips", study.clips)):
        wide = table
        if name == "ratings":
            keys = ["context", "clip", "subject", "rater"]
            wide = table.pivot(index=keys, columns="item", values="rating").reset_index()
        wide.rename(columns={"context": "task"}).to_csv(tmp_path / f"{name}.csv", index=False)
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    read = ex.read_study(path)
    assert read.title == tomllib.loads(text)["title"]


def test_the_table_of_commands_is_complete():
    from typer.main import get_command

    from exprstats.cli.program import app

    shown = set(re.findall(r"^\| `exprstats ([\w-]+)", README, flags=re.MULTILINE))
    assert shown == set(get_command(app).commands)


@pytest.mark.parametrize("target", ["report", "test"])
def test_the_two_commands_exist(target):
    makefile = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
    assert f"\n{target}:\n\t@bash .ci/setup" in makefile
    assert f"make {target}" in README
    assert "apt-get install -y git make python3-venv" in README.splitlines()[2]


def test_the_licence_table_names_what_pingouin_is_loaded_for():
    """Each module that imports it, and the words of the README that speak of it."""
    words = {
        "expressions/structure.py": "correlations of estimates of expression",
        "descriptives/variance.py": "analyses of variance",
        "measurement/factor/checks.py": "Cronbach's α",
        "inference/comparison/regression.py": "correlations within people",
    }
    package = Path(__file__).parents[2] / "exprstats"
    loads = re.compile(r"^\s+(import pingouin|from pingouin import)", re.MULTILINE)
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if loads.search(path.read_text(encoding="utf-8"))
    }
    assert found == set(words)
    [row] = [line for line in README.splitlines() if line.startswith("| pingouin |")]
    assert all(text in row for text in words.values())


def test_the_readme_leads_with_about_forty_verbs_that_are_public():
    import exprstats as ex

    table = README.split("The verbs that most analyses need:")[1].split("All others")[0]
    names = re.findall(r"`(\w+)`", table)
    assert len(names) == len(set(names)) == 40
    assert all(callable(getattr(ex, name)) for name in names)
