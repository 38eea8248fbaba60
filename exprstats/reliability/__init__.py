"""From ratings to intraclass correlations with intervals that hold."""

from exprstats.reliability.family import rate_reliability
from exprstats.reliability.result import Reliability

__all__ = ["Reliability", "rate_reliability"]
