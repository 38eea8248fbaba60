"""Tables of intraclass correlations and their intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, write_count, write_level, write_number
from exprstats.document.cells import (
    ALL,
    Row,
    collect_notes,
    find_parts,
    find_row,
    list_levels,
    list_records,
    name_contexts,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Table, keep, list_columns
from exprstats.document.tables import column, match_row, tabulate
from exprstats.document.text import FIXED, Text, say
from exprstats.reliability.icc.analysis import FIXED_RATERS
from exprstats.reliability.icc.analysis import INDEPENDENT as ALONE
from exprstats.reliability.icc.jackknife import CLUSTERED

if TYPE_CHECKING:
    from exprstats.reliability import Reliability

INDEPENDENT = ("f", "satterthwaite")  # intervals that take clips as independent
ONE_SAMPLE = "All clips as one sample"
FAMILIES = {
    "1": "one-way random-effects intraclass correlation",
    "A": "two-way random-effects intraclass correlation of absolute agreement",
    "clip": "intraclass correlation (clips nested in subjects)",
}
_REFUSED = "interval for independent clips refused"
_METHODS = (*CLUSTERED, *INDEPENDENT)  # in the order in which an interval is to be reported
_MEANINGS = {
    "ICC(A": "ICC(A) asks raters to agree in level, ICC(C) in the order of clips only.",
    "ICC(clip": "ICC(clip) tells all clips apart, ICC(within) the clips of one subject, "
    "ICC(subject) subjects by the mean of their clips.",
}


def name_samples(table: pd.DataFrame) -> pd.DataFrame:
    """Return tidy rows with named contexts, among them all clips of all contexts as one sample.

    Pooled rows are those within contexts; what counts level differences between contexts as
    reliability is called `ONE_SAMPLE`, and its terms lose the words that said so.
    """
    from exprstats.reliability.icc.analysis import ALL_CLIPS

    rows = name_contexts(table)
    terms = rows["term"].astype(str)
    whole = terms.str.endswith(ALL_CLIPS)
    return rows.assign(
        context=rows["context"].mask(whole, ONE_SAMPLE), term=terms.str.removesuffix(ALL_CLIPS)
    )


def add_samples(rows: pd.DataFrame, shown: pd.DataFrame) -> pd.DataFrame:
    """Return the headline rows, and below them the same of all clips as one sample."""
    others = rows[rows["context"].eq(ONE_SAMPLE)]
    known = list_records(others.assign(place=range(len(others))))
    picked = [
        _pick_best(_pick(known, **{name: row[name] for name in ("item", "term", "k_rule")}), row)
        for row in list_records(shown[shown["context"].eq(ALL)])
    ]
    places = [row["place"] for row in picked if row]
    return pd.concat([shown, others.iloc[places]], ignore_index=True) if places else shown


def _pick(rows: list[Row], **equal: Any) -> list[Row]:
    return [row for row in rows if all(row[name] == value for name, value in equal.items())]


def _find(rows: list[Row], **equal: Any) -> Row:
    return next(iter(_pick(rows, **equal)), {})


def _pick_best(rows: list[Row], headline: Row) -> Row:
    """Return the row with the headline's method, else with the next best limits."""
    limited = [row for row in rows if pd.notna(row["conf_low"])]
    alone = headline["method"] in INDEPENDENT
    for method in (headline["method"], *(INDEPENDENT if alone else ()), *_METHODS):
        if found := _find(limited, method=method):
            return found
    return _find(rows)


def knows_subjects(rows: pd.DataFrame) -> bool:
    """Return whether subjects are known, so that intervals are clustered by them."""
    return bool(rows["n_clusters"].notna().any())


def place_rows(rows: pd.DataFrame) -> tuple[Column, str | None]:
    """Return the column that names the rows of a table, and the key of the blocks above them.

    Contexts head blocks of questions; with one question they are the rows themselves.
    """
    several, items = (len(list_levels(rows, name)) > 1 for name in ("context", "item"))
    if several and not items:
        return column("context", "Context"), None
    return column("item", "Question"), "context" if several else None


def find_family(shown: pd.DataFrame) -> str:
    """Return which coefficient the headline rows hold: the 1 of ICC(1,k)."""
    return str(shown["term"].iloc[0]).removeprefix("ICC(").partition(",")[0]


def build_coefficients(rows: pd.DataFrame, shown: pd.DataFrame, result: Reliability) -> Table:
    """Return the table: the headline rows, with the other intervals beside the one to report."""
    design, shown = result.design, add_samples(rows, shown)
    same = rows[rows["term"].isin(shown["term"])]
    limited = same[same["conf_low"].notna()]
    known, resampled = knows_subjects(shown), shown["method"].isin(CLUSTERED).any()
    methods = {*limited["method"]} - ({*CLUSTERED} if not resampled else set())
    family, ranges = find_family(shown), name_contexts(design)
    first, group = place_rows(shown)
    spanner = f"{write_level(float(shown['level'].iloc[0]))} CI"
    over = "Clustered by subject" if known else "Clips left out one by one"
    if same["method"].isin(INDEPENDENT).any():
        methods |= {"independent"}
    columns = (
        first,
        column("average", f"ICC({family},*k*)", write_estimate, of=dict),
        *_interval_columns(rows, over, spanner, methods),
        column(
            "single",
            f"ICC({family},1)",
            write_estimate,
            of=lambda row: find_row(
                rows,
                context=row["context"],
                item=row["item"],
                term=row["term"].replace(",k)", ",1)"),
            ),
        ),
        column("raters", "Raters per clip", of=lambda row: _write_raters(row, ranges)),
        column("n_clips", "Clips", write_count),
        column("n_clusters", "Subjects", write_count) if known else None,
    )
    per = "Context" if first.key == "context" else "Question"
    ranged = bool(design["raters_min"].ne(design["raters_max"]).any())
    return tabulate(
        "reliability",
        f"Inter-Rater Reliability per {per}" + (" and Context" if group else ""),
        shown,
        columns,
        group=group,
        notes=keep(
            _explain_terms(family, ranged=ranged),
            _tell_samples(shown),
            *_list_notes(shown, same, methods),
            _tell_bootstrap(same),
            _tell_reml(rows, result),
        ),
        rows=name_contexts(result.tidy()),
        main=True,
    )


def _interval_columns(
    rows: pd.DataFrame, over: str, spanner: str, shown: set[Any]
) -> Iterator[Column]:
    """Yield the columns of intervals, each from the rows that hold it."""
    ways = {
        "jackknife": (over, ("jackknife",)),
        "jackknife_subjects": (f"{over}, raters fixed", ("jackknife_subjects",)),
        "independent": ("Clips treated as independent", INDEPENDENT),
        "bootstrap": ("Bootstrap", ("bootstrap",)),
    }
    for key, (heading, methods) in ways.items():
        if key in shown:
            own = rows[rows["method"].isin(methods)]
            of = match_row(own, "context", "item", "term", "k_rule")
            yield column(key, heading, write_limits, of=of, under=spanner)


def _write_raters(row: dict[Any, Any], ranges: pd.DataFrame) -> str:
    """Return the harmonic mean number of raters, and the fewest and most where they differ."""
    mean = write_number(row["raters_per_clip"], 1).removesuffix(".0")
    context = ALL if row["context"] == ONE_SAMPLE else row["context"]
    design = find_row(ranges, context=context, item=row["item"])
    if not design or design["raters_min"] == design["raters_max"]:
        return mean
    return f"{mean} ({int(design['raters_min'])}–{int(design['raters_max'])})"


def _explain_terms(family: str, *, ranged: bool) -> Text:
    return say(
        "ICC({family},*k*) = {named} of the mean of *k* raters; ICC({family},1) = of a single "
        "rater. *k* is the harmonic mean of the raters per clip{ranges}.",
        family=family,
        named=FAMILIES.get(family, "intraclass correlation"),
        ranges=" (fewest–most)" if ranged else "",
    )


def _tell_samples(shown: pd.DataFrame) -> Text | None:
    if not shown["context"].eq(ONE_SAMPLE).any():
        return None
    return say(
        "{all}: within contexts; level differences between contexts do not count as "
        "reliability. {sample}: level differences between contexts count as reliability.",
        all=ALL,
        sample=ONE_SAMPLE,
    )


def _list_notes(shown: pd.DataFrame, same: pd.DataFrame, methods: set[Any]) -> tuple[Text, ...]:
    known = knows_subjects(shown)
    name = "Clustered by subject" if known else "Clips left out one by one"
    said = {ALONE, FIXED_RATERS}
    notes = []
    if "jackknife" in methods:
        overs = find_parts(same[same["method"].eq("jackknife")], "over ")
        whole = "over subjects, and raters where shared" if known else "over clips and raters"
        template = "{name}: delete-one jackknife {over}"
        template += "; allows for clips of one subject being alike." if known else "."
        notes.append(say(template, name=name, over=overs[0] if len(overs) == 1 else whole))
        said |= {*overs} if len(overs) == 1 else set()
    if "jackknife_subjects" in methods:
        overs = find_parts(same[same["method"].eq("jackknife_subjects")], "over ")
        whole = f"over {'subjects' if known else 'clips'}"
        notes.append(
            say(
                "Raters fixed: delete-one jackknife {over} alone; it holds for these raters, not "
                "for others like them.",
                over=overs[0] if len(overs) == 1 else whole,
            )
        )
        said |= {*overs}
    parts = find_parts(same[same["method"].isin(INDEPENDENT)], "the ")
    whole = parts[0] if len(parts) == 1 else "the clips that all raters rated"
    of = f" of {whole}" if parts else ""
    narrow = ", too narrow where they are alike" if known and methods & {*CLUSTERED} else ""
    if methods & {*INDEPENDENT} and (of or narrow):
        template = "Clips treated as independent: *F* interval{of}{narrow}."
        notes.append(say(template, of=of, narrow=narrow))
    alone = same[same["method"].isin(INDEPENDENT)]
    refused = alone["note"].astype(str).str.startswith(_REFUSED)
    told = collect_notes(alone.assign(note=alone["note"].where(refused)), ("item", "context"))
    said |= {*alone.loc[refused, "note"]}
    # Semicolons separate parts of a note; a reason is one part.
    kept = shown.assign(
        note=[
            note.replace("; ", f";{FIXED}") if str(note).startswith("not estimated") else note
            for note in shown["note"]
        ]
    )
    return (*notes, *told, *collect_notes(kept, ("item", "context"), {*said, *parts}))


def build_forms(rows: pd.DataFrame, shown: pd.DataFrame, result: Reliability) -> tuple[Table, ...]:
    """Return the table: every form of the coefficient, where there are several."""
    present = {str(method) for method in rows["method"]}
    forms = [str(term) for term in list_levels(rows, "term") if str(term).endswith("k)")]
    if len(forms) < 2:
        return ()
    shown = add_samples(rows, shown)
    cells = [_write_form(row, form, rows) for row in list_records(shown) for form in forms]
    clustered = any(row["method"] in CLUSTERED for row in cells)
    beside = clustered and bool(present & {*INDEPENDENT})
    first, group = place_rows(shown)
    mean, single = "Mean of k raters", "Single rater"
    limits = say("{level} CI", level=write_level(result.level))
    columns = (
        first,
        *list_columns(words=1, term="Form", raters="*k*"),
        *list_columns(mean, average="ICC", limits=limits),
        *([Column("independent", say("Clips treated as independent"), mean)] * beside),
        *([Column("bootstrap", say("Bootstrap"), mean)] * ("bootstrap" in present)),
        *list_columns(single, single="ICC", single_limits=limits),
    )
    return (
        Table(
            "forms",
            "Forms of the Intraclass Correlation",
            columns,
            pd.DataFrame(cells),
            group=group,
            notes=_list_form_notes(cells, forms, known=knows_subjects(shown)),
            rows=name_contexts(result.tidy()),
        ),
    )


def _write_form(row: Row, form: str, rows: pd.DataFrame) -> dict[str, str]:
    same = list_records(pick_rows(rows, context=row["context"], item=row["item"]))
    average = _pick(same, term=form, k_rule=row["k_rule"])
    best = _pick_best(average, row)
    singles = _pick(same, term=form.replace("k)", "1)"))
    single = _find(singles, method=best.get("method")) or _find(singles)
    independent = [one for one in average if one["method"] in INDEPENDENT]
    limits = write_limits(best)
    return {
        "context": row["context"],
        "item": str(row["item"]),
        "term": form,
        "raters": write_number(row["raters_per_clip"], 1).removesuffix(".0"),
        "average": write_estimate(best),
        "limits": limits,
        "independent": write_limits(independent[0]) if independent else MISSING,
        "bootstrap": write_limits(_find(average, method="bootstrap")),
        "single": write_estimate(single),
        "single_limits": write_limits(single),
        "method": "" if limits == MISSING else str(best.get("method")),
    }


def _list_form_notes(
    cells: list[dict[str, str]], forms: list[str], *, known: bool
) -> tuple[Text, ...]:
    over = "clustered by subject" if known else "clips left out one by one"
    ways = {"jackknife": over, "jackknife_subjects": f"{over}, {FIXED_RATERS}"}
    used = [way for way in _METHODS if any(row["method"] == way for row in cells)]
    found = dict.fromkeys(ways.get(way, ALONE) for way in used)
    notes = [say("Intervals: {ways}.", ways=", else ".join(found))] * bool(found)
    meanings = [text for start, text in _MEANINGS.items() if forms[0].startswith(start)]
    return (*notes, *(say("{text}", text=text) for text in meanings))


def _tell_bootstrap(rows: pd.DataFrame) -> Text | None:
    drawn = rows[rows["method"].eq("bootstrap")]
    if drawn.empty:
        return None
    draws = sorted({int(count) for count in drawn["draws"].dropna()})
    template = "Bootstrap: percentiles of {draws} draws of {units}"
    template += (
        "." if drawn["n_clusters"].isna().all() else "; that raters are shared does not widen it."
    )
    return say(
        template,
        draws=" to ".join(dict.fromkeys(write_count(draws[end]) for end in (0, -1))),
        units="clips" if drawn["n_clusters"].isna().all() else "subjects",
    )


def _tell_reml(rows: pd.DataFrame, result: Reliability) -> Text | None:
    if not rows["estimator"].eq("reml").any():
        return None
    if result.r_call is None:
        how = "come from statsmodels (MixedLM)" if result.model == "two-way" else "need no R"
        return say("REML components {how}; they are never negative.", how=how)
    versions = ", ".join(f"{name} {version}" for name, version in result.r_versions.items())
    template = "REML components come from R ({versions}): {call}."
    return say(template, versions=versions, call=result.r_call)
