"""Measured coverage of the intervals of few crossed raters, and which to report."""

from __future__ import annotations

from exprstats.apa import write_count, write_number

Span = tuple[float, float]
# By subjects and raters: the least and the most of how often 95% intervals held the truth while
# raters' severity was 0, .1 and .3 of the error, over subjects and raters (None: not defined) and
# over subjects alone; from vignettes/coverage_few_raters.csv.
MEASURED: dict[tuple[int, int], tuple[Span | None, Span]] = {
    (12, 2): (None, (0.865, 0.951)),
    (12, 3): ((0.992, 0.998), (0.865, 0.946)),
    (12, 4): ((0.984, 0.993), (0.904, 0.95)),
    (12, 5): ((0.976, 0.993), (0.916, 0.957)),
    (12, 6): ((0.969, 0.982), (0.909, 0.958)),
    (12, 8): ((0.964, 0.971), (0.927, 0.954)),
    (24, 2): (None, (0.786, 0.937)),
    (24, 3): ((0.998, 1), (0.816, 0.963)),
    (24, 4): ((0.982, 0.997), (0.833, 0.957)),
    (24, 5): ((0.969, 0.993), (0.865, 0.952)),
    (24, 6): ((0.968, 0.984), (0.877, 0.955)),
    (24, 8): ((0.962, 0.975), (0.887, 0.956)),
    (60, 2): (None, (0.638, 0.96)),
    (60, 3): ((0.99, 1), (0.653, 0.948)),
    (60, 4): ((0.954, 1), (0.681, 0.954)),
    (60, 5): ((0.946, 0.991), (0.727, 0.947)),
    (60, 6): ((0.942, 0.991), (0.742, 0.954)),
    (60, 8): ((0.948, 0.974), (0.804, 0.937)),
}
MOST_RATERS = 9


def recommend_interval(subjects: int, raters: int) -> str:
    """Return which interval to report of few crossed raters, by what was measured at such sizes.

    Parameters
    ----------
    subjects, raters
        How many there are; the nearest sizes that were simulated are quoted.

    Examples
    --------
    >>> print(recommend_interval(30, 3)[:83])
    For other raters of their kind, report the interval over subjects and raters: it he
    >>> print(recommend_interval(30, 2)[:59])
    With two raters no interval allows for other raters: report
    """
    nearest = min({one for one, _ in MEASURED}, key=lambda one: abs(one - subjects))
    judges = min({one for _, one in MEASURED}, key=lambda one: (abs(one - raters), one))
    both, alone = MEASURED[nearest, judges]
    where = f"simulated studies of {write_count(nearest)} subjects and {write_count(judges)} raters"
    told = f"{_write(alone)}, less the more raters differ in severity"
    if both is None:
        return (
            "With two raters no interval allows for other raters: report the one over subjects, "
            "say that it is for these two raters, and collect more raters if the claim is wider "
            f"(as one for other raters it held the truth in {told}, in {where})."
        )
    return (
        "For other raters of their kind, report the interval over subjects and raters: it held "
        f"the truth in {_write(both)} of {where}, the one over subjects alone in {told}. For these "
        "raters alone, report the one over subjects."
    )


def _write(span: Span) -> str:
    low, high = (f"{write_number(100 * one, 0)}%" for one in span)
    return low if low == high else f"{low} to {high}"
