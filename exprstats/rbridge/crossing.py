"""Conversion between NumPy arrays and R vectors, without names or code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def to_r(value: Any) -> Any:
    """Return a Python value as R's own.

    None is NULL; a number or a text is a vector of one; an array (n,) is a vector; an array
    (n, p) is a list of vectors ``v1`` … ``vp``; a mapping is a named list; a sequence is a vector,
    or a list where its parts are no scalars.
    """
    import rpy2.rinterface as ri

    if value is None:
        return ri.NULL
    if isinstance(value, Mapping):
        return list_r([], {str(name): to_r(part) for name, part in value.items()})
    if isinstance(value, np.ndarray) and value.ndim == 2:
        return list_r([], {f"v{place}": to_r(part) for place, part in enumerate(value.T, start=1)})
    parts = [value] if np.isscalar(value) else value
    if not isinstance(parts, np.ndarray) and not all(np.isscalar(part) for part in parts):
        return list_r([to_r(part) for part in parts], {})
    return _vector_r(np.asarray(parts))


def _vector_r(array: np.ndarray) -> Any:
    import rpy2.rinterface as ri

    if array.dtype.kind == "b":
        return ri.BoolSexpVector(array.tolist())
    if array.dtype.kind not in "fiu":
        return ri.StrSexpVector([str(text) for text in array])
    if array.dtype.kind != "f" and (array.size == 0 or np.abs(array).max() < 2**31):
        return ri.IntSexpVector.from_memoryview(np.ascontiguousarray(array, np.intc).data)
    return ri.FloatSexpVector.from_memoryview(np.ascontiguousarray(array, np.double).data)


def list_r(given: list[Any], named: dict[str, Any]) -> Any:
    """Return R values as an R list: those given by place, then those given by name."""
    import rpy2.rinterface as ri

    vector = ri.ListSexpVector([*given, *named.values()])
    if named:
        vector.names = ri.StrSexpVector([*("" for _ in given), *named])
    return vector


def to_python(value: Any) -> Any:
    """Return an R value as Python's own; see `Reply.value`."""
    import rpy2.rinterface as ri

    if value is ri.NULL or isinstance(value, type(ri.NULL)):
        return None
    names = value.names
    labels = None if isinstance(names, type(ri.NULL)) else [str(name) for name in names]
    if isinstance(value, ri.ListSexpVector):
        parts = [to_python(part) for part in value]
        return parts if labels is None else dict(zip(labels, parts, strict=True))
    if isinstance(value, ri.StrSexpVector):
        texts = [None if text is ri.NA_Character else str(text) for text in value]
        return texts if labels is None else dict(zip(labels, texts, strict=True))
    return _to_array(value)


def _to_array(value: Any) -> np.ndarray:
    import rpy2.rinterface as ri

    array = np.array(value.memoryview())
    if not isinstance(value, ri.FloatSexpVector):
        absent = array == np.iinfo(np.intc).min
        whole = array.astype(bool) if isinstance(value, ri.BoolSexpVector) else array.astype(int)
        array = np.where(absent, np.nan, array) if absent.any() else whole
    shape = value.do_slot("dim") if "dim" in value.list_attrs() else None
    return array if shape is None else array.reshape(tuple(shape), order="F")
