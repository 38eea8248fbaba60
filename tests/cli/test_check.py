"""What ``check`` says of files and studies."""

import pandas as pd


def squeeze(text):
    return " ".join(text.split())


def test_a_rating_file(call_both, data):
    file = data / "ratings.csv"
    both = call_both("check", file)
    out = squeeze(both.stdout)
    assert "The file appears to have one row per rating." in out
    assert "480 clips of 30 subjects" in out
    assert "3 contexts (clips): startle 150, pain 210, disgust 120" in out
    assert "3 items (response, emotion, motion); ratings from 0 to 4" in out
    assert "Try: exprstats reliability" in out
    told = both.told
    columns = [row["name"] for row in told["rows"] if row["kind"] == "column"]
    assert columns == list(pd.read_csv(file, nrows=1))
    assert {row["kind"] for row in told["rows"]} == {
        *("column", "design", "coefficient", "descriptives", "suggestion")
    }


def test_the_design_of_ratings(call_both, data):
    file = data / "ratings.csv"
    both = call_both("check", file)
    rows = [row for row in both.told["rows"] if row["kind"] == "design"]
    table = pd.read_csv(file)
    per_clip = table.groupby("clip").size()
    assert len(rows) == 12
    assert rows[-1]["context"] is None
    found = [rows[-1][name] for name in ("raters_min", "raters_median", "raters_max")]
    assert found == [per_clip.min(), per_clip.median(), per_clip.max()]
    cells = table["clip"].nunique() * table["rater"].nunique()
    assert rows[-1]["density"] == len(table) / cells
    out = squeeze(both.stdout)
    counts = "2,752 0 480 30 24 4–6 (6)"
    assert f"All response, emotion, motion partly crossed {counts}" in out
    clips = table.groupby("rater")["clip"].nunique().median()
    assert f"{counts} {clips:g} {100 * rows[-1]['density']:.0f}%" in out
    assert "Connected: all raters" in out
    assert "- ICC(1,k) (report this one): how well" in out
    assert "Each of 480 clips of 30 subjects was rated by 4 to 6" in out


def test_columns_can_be_named(call, tmp_path):
    # Shrout and Fleiss (1979), Table 2: judges are columns.
    wide = tmp_path / "judges.csv"
    wide.write_text("A,B,C,D\n9,2,5,8\n6,1,3,2\n8,4,6,8\n7,1,2,6\n10,5,6,9\n6,2,4,7\n")
    out = squeeze(call("check", wide, "--raters", "A,B,C,D").stdout)
    assert "- ICC(A,k) (report this one)" in out
    assert "ICC(clip,k): how well clips are told apart, whoever is seen in them. Not" in out
    assert "Each of 6 clips was rated by 4 of 4 raters" in out
    strange = tmp_path / "strange.csv"
    strange.write_text("a,b,c\nx,r,1\nx,s,2\ny,t,4\ny,u,4\nz,v,2\nz,w,1\n")
    named = ("--clip", "a", "--rater", "b", "--rating", "c")
    out = squeeze(call("check", strange, *named).stdout)
    assert "Not connected: raters and clips fall into 3 sets" in out
    assert "6 of 6 raters gave one rating only" in out
    assert "ICC(A,k): how well" in out and "Not identified: every rater rated once" in out


def test_naming_the_subject_makes_no_ratings_of_clips(call, data, tmp_path):
    out = squeeze(call("check", data / "clips.csv", "--subject", "subject").stdout)
    assert "480 clips of 30 subjects" in out and "No problems found." in out
    strange = tmp_path / "strange.csv"
    strange.write_text("who,x\np,1\nq,2\nq,3\n")
    assert "3 clips of 2 subjects" in squeeze(call("check", strange, "--subject", "who").stdout)


def test_ratings_that_are_all_missing_are_a_problem(call, tmp_path):
    file = tmp_path / "empty.csv"
    file.write_text("clip,rater,x\na,r,\na,s,\nb,r,\n")
    told = squeeze(call("check", file, "--rating", "x", code=2).stderr)
    assert "no clip has a rating. Name other columns with --rating." in told


def test_a_study_names_its_own_columns(call, data):
    told = squeeze(call("check", data / "study.toml", "--rating", "response", code=2).stderr)
    assert "is a study: leave them out." in told


def test_what_check_suggests_runs(call, data, predictions):
    import shlex

    for file in (data / "ratings.csv", predictions):
        out = call("check", file).stdout
        lines = [line for line in out.splitlines() if line.startswith("Try: ")]
        assert lines
        for line in lines:
            call(*shlex.split(line)[2:])


def test_separators_decimals_and_encodings_are_told(call, tmp_path):
    file = tmp_path / "größe.csv"
    file.write_bytes("clip;subject;größe\na;s;1,5\nb;t;2,5\n".encode("cp1252"))
    out = squeeze(call("check", file).stdout)
    assert "separated by semicolons; decimal mark: comma; encoding cp1252" in out


def test_every_problem_is_listed_and_ends_with_2(call, tmp_path):
    file = tmp_path / "ratings.csv"
    rows = [f"c{i},r{j},{i % 5}" for i in range(10) for j in range(3)]
    file.write_text("clip,rater,score\n" + "\n".join(rows) + "\nc1,r1,3\nc2,r9,drei\n")
    ended = call("check", file, code=2)
    told = squeeze(ended.stderr)
    assert "column 'score', row 33: 1 of 32 cells is not a number: 'drei'" in told
    assert "32 rows, 3 columns" in ended.stdout


def test_repeats_are_found(call, tmp_path):
    file = tmp_path / "ratings.csv"
    file.write_text("clip,rater,score\na,r,1\na,r,2\nb,r,3\n")
    assert "clip 'a', rater 'r'" in squeeze(call("check", file, code=2).stderr)


def test_a_broken_file(call, tmp_path):
    file = tmp_path / "broken.csv"
    file.write_text("a,b\n1,2,3\n")
    assert "1 problem" in call("check", file, code=2).stderr
    assert "no such file" in squeeze(call("check", tmp_path / "none.csv", code=2).stderr)


def test_problems_stand_in_json(call_json, tmp_path):
    file = tmp_path / "ratings.csv"
    file.write_text("clip,rater,score\na,r,1\na,r,2\nb,r,3\n")
    told = call_json("check", file, code=2)
    assert told["rows"][-1]["kind"] == "problem"
    assert "stands more than once" in told["rows"][-1]["text"]


def test_a_study(call, data):
    out = squeeze(call("check", data / "study.toml").stdout)
    assert "480 clips have ratings and features" in out
    assert "model elastic (elastic)" in out


def test_a_study_whose_files_do_not_match(call, data, tmp_path):
    for name in ("ratings.csv", "study.toml"):
        (tmp_path / name).write_bytes((data / name).read_bytes())
    pd.read_csv(data / "clips.csv").iloc[:300].to_csv(tmp_path / "clips.csv", index=False)
    result = call("check", tmp_path / "study.toml", code=2)
    told = squeeze(result.stderr)
    assert "180 of 480 rated clips of ratings.csv are not in clips.csv" in told
    assert "allow it with unmatched = 0.38 in [clips]" in told
    assert "No problems found" not in result.stdout
    text = (tmp_path / "study.toml").read_text().replace("[clips]", "[clips]\nunmatched = 0.38", 1)
    (tmp_path / "study.toml").write_text(text)
    out = squeeze(call("check", tmp_path / "study.toml").stdout)
    assert "300 clips have ratings and features" in out
    assert "180 rated clips have no features" in out


def test_a_study_with_mistakes(call, tmp_path):
    file = tmp_path / "study.toml"
    file.write_text("titel = 3\n[ratings]\nfile = 'none.csv'\n")
    told = squeeze(call("check", file, code=2).stderr)
    assert "2 problems" in told
    assert "Did you mean 'title'?" in told


def test_items_of_different_designs_have_their_own_words(call, tmp_path):
    """One item is rated by all, of the other every rater has one clip."""
    rows = [f"c{i},r{j},joy,{(i * 3 + j * 5) % 7}" for i in range(6) for j in range(3)]
    rows += [f"c{i},s{i}{j},fear,{(i * 3 + j * 5) % 7}" for i in range(6) for j in range(2)]
    file = tmp_path / "ratings.csv"
    file.write_text("\n".join(["clip,rater,item,rating", *rows]) + "\n")
    out = squeeze(call("check", file).stdout)
    assert "- joy: Connected: all raters" in out
    assert "- fear: Not connected: raters and clips fall into 6 sets" in out
    # One model serves a table, so that it must suit both.
    assert "- joy: ICC(1,k) (report this one)" in out and "joy: ICC(A,k): how" in out
    assert "joy: Each of 6 clips was rated by 3 of 3 raters" in out
    assert "Other items or contexts have raters who differ from clip to clip" in out
    assert "- fear: ICC(1,k) (report this one)" in out


def test_names_that_mean_other_things_go_through(call_both, data, tmp_path):
    file = tmp_path / "run_span=3.csv"
    table = pd.read_csv(data / "ratings.csv").replace({"context": {"pain": "All"}})
    table.to_csv(file, index=False)
    both = call_both("check", file)
    rows = [row for row in both.told["rows"] if row["kind"] == "design"]
    counts = {row["context"]: row["n_ratings"] for row in rows}
    out = squeeze(both.stdout).split(". Ratings, Raters, and Clips")[1]
    items = "response, emotion, motion partly crossed"
    assert f" All (context) {items} {counts['All']:,} 0" in out
    assert f" All {items} {counts[None]:,} 0" in out
    assert str(file) in both.stdout
