"""Restrictions of factor models: sequences of nested models, and indices of each restriction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from exprstats import rbridge
from exprstats.apa import tell_p, write_number
from exprstats.contracts import arrange_rows, check_kind
from exprstats.errors import FitError, OptionError
from exprstats.measurement.factor.model import Factor
from exprstats.measurement.factor.solution import Receipt, Solution, name_variants
from exprstats.results import Result

KEYS = ("context", "model", "versus", "term")
_INDICES = ("chisq", "cfi", "rmsea", "srmr")
_MEANINGS = {
    "tau-equivalent": "equal loadings",
    "parallel": "equal loadings and residual variances",
    "metric": "equal loadings",
    "scalar": "equal loadings and intercepts",
    "strict": "equal loadings, intercepts and residual variances",
}
_STATISTICS = {"jackknife": "T²"}

Block = tuple[str | None, int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class NestedModels(Result):
    """Models of the same items, each more restricted than the one before.

    Attributes
    ----------
    table
        context model versus term estimate df p_value conf_low conf_high level method n_clips
        n_clusters note. Terms: ``chisq``, ``cfi``, ``rmsea``, ``srmr``. A row with ``versus`` is
        the change from that model: a test of the difference for ``chisq``, a difference for the
        others.
    steps
        The same as reviewers expect it: one row a context and model.
    level
        What p is held against in the sentence: 1 − level.
    receipt
        Where the numbers come from.
    """

    table: pd.DataFrame
    steps: pd.DataFrame
    level: float
    receipt: Receipt

    def find_place(self) -> str:
        """Return ``"invariance"`` for steps across contexts, ``"restrictions"`` across items."""
        across = self.steps["model"].eq("configural").any()
        return "invariance" if across else "restrictions"

    def export(self) -> dict[str, Any]:
        """Return the rows, and the call that R computed them by."""
        place = self.find_place()
        return {place: self.tidy(), f"{place}_call": self.receipt.call}

    def glance(self) -> pd.DataFrame:
        """Return one row: the most restricted model that is not rejected, and its versions."""
        last = self.steps[self.steps["context"].isna()]
        facts = {"holds": self._find_holding(last), "n_clips": int(last["n_clips"].max())}
        return pd.DataFrame([{**facts, **self.receipt.list_versions()}])

    def sentence(self) -> str:
        """Return what was found, in APA style."""
        told = []
        for context, rows in self.steps.groupby("context", sort=False, dropna=False):
            where = "" if pd.isna(context) else f"Context {context}: "
            changes = "; ".join(
                f"{_MEANINGS[row['model']]}"
                f" ({_STATISTICS.get(row['method_change'], 'Δχ²')}({row['df_change']:.0f}) ="
                f" {write_number(row['chisq_change'])}, p {tell_p(row['p_change'])})"
                for row in rows[rows["p_change"].notna()].to_dict("records")
            )
            holds = self._find_holding(rows)
            found = (
                f"{_MEANINGS[holds]} held" if holds in _MEANINGS else "no restriction was tenable"
            )
            told.append(f"{where}Tested in turn: {changes}. On these tests, {found}.")
        return " ".join(told)

    def _find_holding(self, rows: pd.DataFrame) -> str:
        """Return the last model before the first step that is rejected."""
        holds = str(rows["model"].iloc[0])
        for row in rows.iloc[1:].to_dict("records"):
            if not row["p_change"] >= 1 - self.level:
                break
            holds = row["model"]
        return holds


def build_steps(
    blocks: Sequence[Block], receipt: Receipt, level: float, n_clusters: int | None
) -> NestedModels:
    """Return the result of R's answers: (context, rows, answer) of each fit in turn."""
    steps = []
    for context, n, answer in blocks:
        before = None
        for model, step in answer.items():
            if not step["converged"][0]:
                message = f"lavaan did not converge for the {model} model."
                raise FitError(message)
            steps.append({"context": context, **_read_step(model, before, step), "n_clips": n})
            before = steps[-1]
    frame = pd.DataFrame(steps).astype({"context": object, "versus": object})
    frame = frame[[name for name in frame if not str(name).startswith("variant.")]]
    frame = frame.assign(**_count(n_clusters))
    rows = [row for step in steps for row in _list_step({**step, **_count(n_clusters)})]
    method = "ml" if n_clusters is None else "robust"
    table = arrange_rows([{**row, "method": row.get("method") or method} for row in rows], KEYS)
    return NestedModels(table.astype({"context": object, "versus": object}), frame, level, receipt)


def _count(n_clusters: int | None) -> dict[str, int]:
    return {} if n_clusters is None else {"n_clusters": n_clusters}


def _read_step(
    model: str, before: dict[str, Any] | None, step: Mapping[str, Any]
) -> dict[str, Any]:
    fit = {name: float(value[0]) for name, value in step["fit"].items()}
    nothing = float("nan")
    row: dict[str, Any] = {"model": model, "versus": before and before["model"], "df": fit["df"]}
    row |= {name: fit.get(name, nothing) for name in _INDICES}
    row["p_value"] = fit.get("pvalue", nothing)
    row |= {name: value for name, value in fit.items() if name.startswith("variant.")}
    row |= {"rmsea_low": fit.get("rmsea.ci.lower", nothing)}
    row |= {"rmsea_high": fit.get("rmsea.ci.upper", nothing)}
    told = dict(step["change"] or {})
    row["method_change"] = told.pop("method", None)
    change = {name: float(value[0]) for name, value in told.items()}
    row |= {
        "chisq_change": change.get("chisq", nothing),
        "df_change": change.get("df", nothing),
        "p_change": change.get("pvalue", nothing),
    }
    # A model that fits perfectly has CFI 1; its RMSEA is not defined.
    was = nothing if before is None else (1.0 if before["df"] == 0 else before["cfi"])
    row["cfi_change"] = row["cfi"] - was
    row["rmsea_change"] = row["rmsea"] - (nothing if before is None else before["rmsea"])
    return row


def _list_step(step: dict[str, Any]) -> list[dict[str, Any]]:
    keys = {name: step[name] for name in ("context", "model", "n_clips")}
    keys |= _count(step.get("n_clusters"))
    test = {"estimate": step["chisq"], "df": step["df"], "p_value": step["p_value"]}
    if not step["df"]:
        note = "fits perfectly (df = 0): no test"
        return [{**keys, "versus": None, "term": "chisq", **test, "note": note}]
    limits = {"conf_low": step["rmsea_low"], "conf_high": step["rmsea_high"], "level": 0.9}
    notes = {term: name or None for term, name in name_variants(step).items()}
    rows = [
        {**keys, "versus": None, "term": "chisq", **test, "note": notes["chisq"]},
        {**keys, "versus": None, "term": "cfi", "estimate": step["cfi"], "note": notes["cfi"]},
        {
            **keys,
            "versus": None,
            "term": "rmsea",
            "estimate": step["rmsea"],
            **limits,
            "note": notes["rmsea"],
        },
        {**keys, "versus": None, "term": "srmr", "estimate": step["srmr"]},
    ]
    if step["versus"] is None:
        return rows
    keys["versus"] = step["versus"]
    change = {"estimate": step["chisq_change"], "df": step["df_change"]}
    note = "the scaled difference is not defined here" if np.isnan(step["p_change"]) else None
    return [
        *rows,
        {
            **keys,
            "term": "chisq",
            **change,
            "p_value": step["p_change"],
            "method": step["method_change"],
            "note": note,
        },
        {**keys, "term": "cfi", "estimate": step["cfi_change"]},
        {**keys, "term": "rmsea", "estimate": step["rmsea_change"]},
    ]


def suggest_modifications(factor: Factor) -> pd.DataFrame:
    """Return lavaan's modification indices of each fit on all clips.

    They say where a model misses, not what to change: a pair of items freed because the data said
    so is no longer tested by these data (MacCallum, Roznowski, & Necowitz, 1992).

    Parameters
    ----------
    factor
        A maximum likelihood fit of four or more items to complete clips.

    Returns
    -------
    DataFrame
        context item versus term estimate df p_value n_clips, largest index first within a context,
        pooled rows last. Terms: ``modification_index``, the fall in χ² if the residuals of the two
        items were let correlate; ``residual_correlation``, the correlation expected.

    Raises
    ------
    OptionError
        The model has no degrees of freedom, or was not fitted by plain maximum likelihood.
    RError
        R cannot be used.

    References
    ----------
    MacCallum, R. C., Roznowski, M., & Necowitz, L. B. (1992). Model modifications in covariance
    structure analysis. Psychological Bulletin, 111, 490–504.

    Examples
    --------
    >>> import exprstats as ex
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> answers = rng.normal(size=(500, 1)) + 0.7 * rng.normal(size=(500, 4))
    >>> answers[:, 2:] += 0.5 * rng.normal(size=(500, 1))
    >>> table = pd.DataFrame(answers, columns=["a", "b", "c", "d"])
    >>> rows = suggest_modifications(ex.fit_factor(table, items=list("abcd")))
    >>> sorted(rows.loc[[0], ["item", "versus"]].to_numpy().ravel())
    ['c', 'd']
    """
    check_kind(factor, Factor, "factor", "fit_factor")
    whole = [one for one in factor.solutions if one.part == "all"]
    if not whole[0].df:
        message = "three items leave no degrees of freedom (df = 0): nothing can be modified."
        raise OptionError(message)
    if whole[0].method != "ml" or whole[0].missing != "listwise":
        message = "modification indices need a fit by plain maximum likelihood to complete clips."
        raise OptionError(message)
    rows = [row for one in whole for row in _list_solution(one)]
    return arrange_rows(rows, ("context", "item", "versus", "term")).astype({"context": object})


def _list_solution(one: Solution) -> list[dict[str, Any]]:
    found = rbridge.call(
        "measurement",
        "list_modifications",
        one.covariance,
        one.intercepts,
        one.n_clips,
        names=one.items,
    ).value
    rows = []
    for place in range(len(found["index"])):
        keys = {
            "context": one.context,
            "item": one.items[int(found["first"][place]) - 1],
            "versus": one.items[int(found["second"][place]) - 1],
            "n_clips": one.n_clips,
        }
        index = float(found["index"][place])
        test = {"estimate": index, "df": 1.0, "p_value": float(chdtrc(1, index))}
        change = float(found["change_standardized"][place])
        rows.append({**keys, "term": "modification_index", **test})
        rows.append({**keys, "term": "residual_correlation", "estimate": change})
    return rows
