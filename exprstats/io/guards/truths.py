"""Truths in a file of their own, joined to predictions by the ids of clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from exprstats.apa import count_things
from exprstats.errors import DataError, Problem, warn_user
from exprstats.io.classes import code_positive, note_mixed
from exprstats.io.drafts import ONCE, Draft
from exprstats.io.files.words import WORDS, fold_name, is_aside, is_prediction, is_truth, split_name
from exprstats.io.guards.ids import align_forms
from exprstats.io.sources import Columns, Source, give_role
from exprstats.options import name_some

ALIKE = "Write the clips alike in both files."
# What a column of ids is called where nothing tells what it names.
_KEYS = frozenset({"id", "key", "name", "file", "path", "sample", "index", "case"})


def find_truth_file(sources: Sequence[Source], truth: str, models: Sequence[str]) -> Source | None:
    """Return the file that alone has the truth, and no predictions; None if each has its own.

    Parameters
    ----------
    sources
        All files.
    truth, models
        Columns, as for `read_predictions`.
    """

    def is_one(name: str) -> bool:
        return name == truth or (truth == "truth" and is_truth(name))

    held = [source for source in sources if any(map(is_one, source.header))]
    if len(sources) < 2 or len(held) != 1:
        return None
    names = {*held[0].header}
    return None if names & {*models} or any(map(is_prediction, names)) else held[0]


def name_clip(source: Source, clip: Columns | None) -> Columns:
    """Return the column of clips of one of several files, also where another name says it."""
    named = clip or "clip"
    if source.holds(named):
        return named
    fits = [name for name in source.header if split_name(name) & {*WORDS["clip"]}]
    fits = fits or [name for name in source.header if fold_name(name) in _KEYS]
    if len(fits) != 1:
        return named
    fact = "it is read as the column of the clip."
    warn_user(Problem(fact, file=str(source.layout.path), column=fits[0]))
    return fits[0]


def name_value(source: Source, prediction: str, named: Mapping[str, Columns | None]) -> str:
    """Return the column of predictions: the one that is left beside ids, if none is called so."""
    if source.has(prediction):
        return prediction
    ids = {
        part for one in named.values() for part in ([one] if isinstance(one, str) else one or ())
    }
    rest = [name for name in source.header if name not in ids and not is_aside(name)]
    if len(rest) != 1:
        return prediction
    fact = "it is read as the column of the prediction."
    warn_user(Problem(fact, file=str(source.layout.path), column=rest[0]))
    return rest[0]


def lend_truth(
    lender: Source,
    truth: str,
    named: Mapping[str, Columns | None],
    drafts: Sequence[Draft],
    positive: str | None,
) -> list[Draft]:
    """Return predictions with the truth, the subject and the context of the file that has them.

    Parameters
    ----------
    lender, truth
        The file, and its column.
    named
        Columns of clips, subjects and contexts; the subject may be called as the clip is.
    drafts
        Predictions under their canonical names.
    positive
        As for `code_positive`.
    """
    truth = next((name for name in lender.header if name == truth or is_truth(name)), truth)
    clip = name_clip(lender, named["clip"])
    given = {role: named[role] for role in ("subject", "context")}
    alone = given["subject"] in ("clip", ["clip"], clip)
    if alone or any("subject" in draft.table for draft in drafts):
        given.pop("subject")
    ids = {"clip": clip, **{role: one for role, one in given.items() if one is not None}}
    ids = {
        role: lender.join([one] if isinstance(one, str) else list(one)) for role, one in ids.items()
    }
    whole = lender.take({truth: "label", **give_role(ids.values(), "id")})
    code_positive(whole, truth, positive)
    if whole.problems:
        return [*drafts, whole]
    table = pd.DataFrame({role: whole.table[name] for role, name in ids.items()})
    table["truth"] = whole.table[truth]
    key = [
        "clip",
        *(
            ["context"]
            if all("context" in one.table for one in drafts) and "context" in table
            else []
        ),
    ]
    owned = Draft(whole.file, table, whole.rows, [], whole.said)
    owned.find_repeats(key, ONCE)
    if owned.problems or any(draft.problems for draft in drafts):
        return [*drafts, owned]
    return [_join(draft, owned, key, alone=alone) for draft in _align(drafts, owned)]


def _align(drafts: Sequence[Draft], owned: Draft) -> list[Draft]:
    """Return predictions whose clips are written as those of the truth, where only form differs."""
    ids = [str(one) for one in owned.table["clip"].unique()]
    aligned = []
    for draft in drafts:
        own = {"truth": ids, "prediction": [str(one) for one in draft.table["clip"].unique()]}
        merged, wrong = align_forms(own)
        pairs = {form: ids_of for form, ids_of in merged["prediction"].items()}
        # The truth's own form stays, so that all files join to it.
        back = {best: form for form, best in merged["truth"].items()}
        pairs |= {form: back[form] for form in own["prediction"] if form in back}
        pairs = {form: back.get(best, best) for form, best in pairs.items()}
        if wrong:
            cases = "; ".join(next(iter(wrong.values()))[:3])
            fact = f"clips are written in several forms: {cases}."
            raise DataError(Problem(fact, "Write each alike in both files.", file=draft.file))
        if pairs:
            form, best = next(iter(pairs.items()))
            counted = count_things(len(pairs), "clip")
            fact = f"it writes {counted} otherwise than {owned.file} ('{form}' for '{best}')"
            warn_user(Problem(f"{fact}; they count as the same.", file=draft.file))
            clips = draft.table["clip"].astype(str).replace(pairs).astype("str")
            draft.table = draft.table.assign(clip=clips)
        aligned.append(draft)
    return aligned


def _join(draft: Draft, owned: Draft, key: Sequence[str], *, alone: bool) -> Draft:
    """Return predictions with the truth: clips that one file lacks are counted."""
    table, lent = draft.table, owned.table.dropna(subset=["truth"])
    known = table.set_index(key).index.isin(lent.set_index(key).index)
    if not known.any():
        shown = [name_some(one["clip"].astype(str).unique().tolist()[:3]) for one in (table, lent)]
        fact = f"no clip has a truth in {owned.file} ({shown[0]} here, {shown[1]} there)."
        raise DataError(Problem(fact, ALIKE, file=draft.file))
    if not known.all():
        lost = table.loc[~known, "clip"].astype(str).unique().tolist()
        counted = count_things(len(lost), "clip has", "clips have")
        fact = f"{counted} no truth in {owned.file}: left out ({name_some(lost)})."
        warn_user(Problem(fact, file=draft.file))
        draft.keep(known)
        table = draft.table
    again = [name for name in lent if name not in table or name in key]
    blank = lent[~lent.set_index(key).index.isin(table.set_index(key).index)]
    # A clip that a model does not predict is a gap that the comparison counts.
    gaps = [blank[[*key]].assign(model=model) for model in table["model"].unique() if len(blank)]
    whole = pd.concat([table, *gaps], ignore_index=True).merge(lent[again], on=key, how="left")
    rows = np.concatenate([draft.rows, np.zeros(len(whole) - len(draft.rows), int)])
    whole = whole.assign(subject=whole["clip"]) if alone else whole
    joined = Draft(draft.file, whole, rows, [*draft.problems], draft.said)
    note_mixed(joined, ["truth", "prediction"])
    return joined
