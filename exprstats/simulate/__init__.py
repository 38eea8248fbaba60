"""Simulated studies with known truth."""

from exprstats.simulate.expressiveness import Simulated, simulate_again, simulate_expressiveness
from exprstats.simulate.truth import state_truth

__all__ = ["Simulated", "simulate_again", "simulate_expressiveness", "state_truth"]
