"""Simulated studies with known truth."""

from exprstats.simulate.estimates import SimulatedEstimates, simulate_estimates
from exprstats.simulate.evoked import SimulatedEvoked, simulate_evoked
from exprstats.simulate.expressiveness import Simulated, simulate_again, simulate_expressiveness
from exprstats.simulate.signing import SimulatedSigning, simulate_signing
from exprstats.simulate.truth import state_truth

__all__ = [
    "Simulated",
    "SimulatedEstimates",
    "SimulatedEvoked",
    "SimulatedSigning",
    "simulate_again",
    "simulate_estimates",
    "simulate_evoked",
    "simulate_expressiveness",
    "simulate_signing",
    "state_truth",
]
