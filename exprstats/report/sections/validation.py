"""Sections on validation: parts of the split, nested folds, leakage, levels of contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, write_count
from exprstats.document.cells import (
    collect_notes,
    find_row,
    list_levels,
    name_contexts,
    pick_rows,
    write_estimate,
)
from exprstats.document.model import Column, Section, Table, keep, list_columns
from exprstats.document.tables import column, estimate_columns, match_row, tabulate
from exprstats.document.text import Text, join_words, quote_sentence, say
from exprstats.inference.comparison.wording import METHOD_WORDS, name_clusters
from exprstats.models import tally_classes
from exprstats.models.data.classes import show_label
from exprstats.report.analysis import Analysis
from exprstats.report.sections.data import PART_NAMES

if TYPE_CHECKING:
    from exprstats.models import Models

_SCORES = {"rmse": "RMSE", "correlation": "*r*", "accuracy": "Accuracy", "uar": "UAR"}
_TUNED = {
    "alpha": "Alpha",
    "l1_ratio": "L1 ratio",
    "max_features": "Features per split",
    "min_leaf": "Clips per leaf",
}
UAR_NOTE = say("UAR = unweighted average recall, the mean recall of the classes.")
_ERRORS = {"rmse"}  # scores that may exceed 1
# From this share of the variance on, knowing a context is worth something.
_NOTEWORTHY = 0.1
_ALPHA = 0.01
_SPLITS = {"subjects": "By people", "rows": "By clips"}


def describe_fits(analysis: Analysis) -> Section | None:
    """Return the section on models as they were fitted, or None where a study compares them."""
    models = [one for one in analysis.models.values() if one.record is None]
    if not models or (analysis.study is not None and analysis.comparison is not None):
        return None
    tables = keep(_build_parts(models, analysis), _build_counts(models))
    return Section(
        "fits",
        "Models",
        sentences=(
            *(quote_sentence(one.sentence()) for one in models),
            say("Each part of the split has its scores (<Table fits, Table counts>)."),
        ),
        tables=tables,
    )


def _build_parts(models: list[Models], analysis: Analysis) -> Table:
    """Return the table: a line a part of the split, with what was tuned."""
    tables = [name_contexts(one.tidy()).assign(model=one.name) for one in models]
    named = [
        table["part"].replace(_name_parts(one)) for one, table in zip(models, tables, strict=True)
    ]
    rows = pd.concat(tables, ignore_index=True).assign(named=pd.concat(named, ignore_index=True))
    rows = rows[rows["term"].isin([*_SCORES, *_TUNED])].reset_index(drop=True)
    scores = [term for term in _SCORES if rows["term"].eq(term).any()]
    tuned = [term for term in _TUNED if rows["term"].eq(term).any()]
    several = len(models) > 1
    columns = (
        *((Column("model", say("Model"), words=True),) if several else ()),
        *list_columns(words=1, part="Part", subjects="Subjects", clips="Clips"),
        *(Column(term, say(_SCORES[term])) for term in scores),
        *(Column(term, say("{word}", word=_TUNED[term])) for term in tuned),
    )
    contexts = list_levels(rows, "context")
    cells = [
        line
        for context in contexts
        for one in models
        for line in _list_parts(one, pick_rows(rows, model=one.name, context=context), analysis)
    ]
    scored = rows["term"].isin(list(_SCORES))
    noted = rows.assign(
        model=rows["model"].map(analysis.name_model),
        part=rows["named"].where(scored),
        term=rows["term"].replace(_TUNED).mask(scored),
    )
    return Table(
        "fits",
        "Scores of Each Part of the Split",
        columns,
        pd.DataFrame(cells)
        .reindex(columns=[*(one.key for one in columns), "context"], fill_value="")
        .fillna(""),
        group="context" if len(contexts) > 1 else None,
        notes=(
            say("Settings that were tuned stand in the first line of a context."),
            *([UAR_NOTE] if "uar" in scores else []),
            *collect_notes(noted, ("model", "context", "part")),
        ),
        rows=rows.drop(columns="named"),
    )


def _name_parts(models: Models) -> dict[str, str]:
    return PART_NAMES if models.rounds is None else {**PART_NAMES, "validate": "Folds"}


def _list_parts(models: Models, own: pd.DataFrame, analysis: Analysis) -> list[dict[str, str]]:
    """Return the printed lines of one context of a model, one for each part."""
    settings = {
        term: f"{row['estimate']:.3g}" for term in _TUNED if (row := find_row(own, term=term))
    }
    lines = []
    for part, name in _name_parts(models).items():
        scores = {term: find_row(own, part=part, term=term) for term in _SCORES}
        found = {term: row for term, row in scores.items() if row}
        if not found:
            continue
        first = next(iter(found.values()))
        line = {
            "context": str(first["context"]),
            "model": analysis.name_model(models.name) if part == "train" else "",
            "part": name,
            "subjects": write_count(first["n_clusters"]),
            "clips": write_count(first["n_clips"]),
        }
        line |= {
            term: write_estimate(row, bounded=term not in _ERRORS) for term, row in found.items()
        }
        lines.append(line | settings)
        settings = {}
    return lines


def _build_counts(models: list[Models]) -> Table | None:
    """Return the table, where a model predicts classes: their clips and subjects in each part."""
    first = next((one for one in models if one.design.classes), None)
    if first is None:
        return None
    counts = tally_classes(first)
    rows = name_contexts(counts)
    contexts = list_levels(rows, "context")
    lines = [
        {"context": context, "class": label}
        for context in contexts
        for label in list_levels(pick_rows(rows, context=context), "class")
    ]
    columns = (
        column("class", "Class", show_label, words=True),
        *(
            column(
                part,
                say("{word}", word=PART_NAMES[part]),
                _write_counts,
                of=match_row(rows, "context", "class", part=part),
            )
            for part in list_levels(rows, "part")
        ),
    )
    group = "context" if len(contexts) > 1 else None
    title = "Clips (Subjects) of Each Class"
    return tabulate("counts", title, lines, columns, group=group, rows=counts)


def _write_counts(row: dict[Any, Any]) -> str:
    return f"{write_count(row['n_clips'])} ({write_count(row['n_clusters'])})" if row else MISSING


def describe_nested(analysis: Analysis) -> Section | None:
    """Return the section on nested cross-validation, or None without."""
    if analysis.nested is None:
        return None
    rows = name_contexts(analysis.nested.tidy())
    rows = rows[rows["part"].eq("test") & rows["term"].isin(["rmse", "correlation"])]
    limited = "conf_low" in rows and rows["conf_low"].notna().any()
    level = float(rows["level"].dropna().iloc[0]) if limited else None
    notes = []
    scores = [
        estimate_columns(
            level,
            heading=_SCORES[term],
            key=term,
            of=match_row(rows, "context", term=term),
            bounded=term not in _ERRORS,
        )
        for term in ("rmse", "correlation")
    ]
    if limited:
        used = [str(name) for name in rows["method"].dropna().unique()]
        how = name_clusters(join_words([METHOD_WORDS.get(one, one) for one in used]), "subject")
        notes.append(say("Intervals: {how}.", how=how))
    table = tabulate(
        "nested",
        "Nested Cross-Validation: Each Subject Predicted by Models Tuned Without Them",
        rows[rows["term"].eq("correlation")].drop_duplicates("context"),
        (
            column("context", "Context"),
            *(one for pair in scores for one in (pair if limited else pair[:1])),
            column("n_clusters", "Subjects", write_count),
            column("n_clips", "Clips", write_count),
        ),
        notes=(*notes, *collect_notes(rows, ("context", "term"))),
        rows=analysis.nested.tidy(),
    )
    return Section(
        "nested",
        "Nested cross-validation",
        sentences=(
            quote_sentence(analysis.nested.sentence()),
            say("Every subject was a test subject once (<Table nested>)."),
        ),
        tables=(table,),
    )


def describe_leakage(analysis: Analysis) -> Section | None:
    """Return the section on what a split by clips would have shown, or None without."""
    if analysis.leakage is None:
        return None
    rows = name_contexts(analysis.leakage.tidy())
    columns = (
        column("context", "Context"),
        *(
            column(
                f"{term}_{split}",
                word,
                write_estimate,
                of=match_row(rows, "context", term=term, split=split),
                under=spanner,
                bounded=term not in _ERRORS,
            )
            for term, spanner in (("rmse", "RMSE"), ("correlation", "Correlation"))
            for split, word in _SPLITS.items()
        ),
    )
    table = tabulate(
        "leakage",
        "Test Scores Under Splits by People and by Clips",
        rows.drop_duplicates("context"),
        columns,
        notes=(
            say(
                "By people: nobody is in two parts, as in all other results. By clips: clips of "
                "one person lie in several parts, so that a model is tested on people it was "
                "trained on."
            ),
            *collect_notes(rows, ("context", "term", "split")),
        ),
        rows=analysis.leakage.tidy(),
    )
    return Section(
        "leakage",
        "What a split by clips would have shown",
        sentences=(
            quote_sentence(analysis.leakage.sentence()),
            say("Both kinds of splits are compared in each context (<Table leakage>)."),
        ),
        tables=(table,),
    )


def find_share(rows: pd.DataFrame) -> float:
    """Return the share of the truth's variance that lies between contexts (adjusted R²).

    0 where an F test at .01 finds no difference between them: many contexts of few clips differ
    by chance.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"context": list("aaabbb"), "truth": [0.0, 1, 2, 6, 7, 8]})
    >>> round(find_share(rows), 3)
    0.914
    """
    from scipy.stats import f_oneway

    contexts = [own.to_numpy(float) for _, own in rows["truth"].groupby(rows["context"])]
    free = len(rows) - len(contexts)
    within = sum(((own - own.mean()) ** 2).sum() for own in contexts)
    if len(contexts) < 2 or free < 1 or within == 0 or f_oneway(*contexts).pvalue >= _ALPHA:
        return 0.0
    return float(1 - within / free / rows["truth"].astype(float).var())


def warn_of_levels(analysis: Analysis) -> tuple[Text, ...]:
    """Return a caveat on rows of all contexts, where they count knowing the context."""
    share = _find_largest(analysis)
    if share < _NOTEWORTHY:
        return ()
    return (
        say(
            "Contexts differ in level: {share}% of the variance of {target} in the test clips "
            "lies between them. Where all contexts are taken together, a model, or a feature, "
            "that only distinguishes contexts does well; rows of single contexts are not affected.",
            share=f"{100 * share:.0f}",
            target=analysis.target,
        ),
    )


def _find_largest(analysis: Analysis) -> float:
    """Return the largest share of any model of numbers that was fitted to all clips; 0 without."""
    shares = [0.0]
    for models in analysis.models.values():
        rows = models.predictions
        if "context" in rows and not models.design.classes:
            shares.append(find_share(rows[rows["fitted_on"].eq("all") & rows["part"].eq("test")]))
    return max(shares)
