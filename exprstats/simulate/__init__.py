"""Simulated studies with known truth."""

from exprstats.simulate.estimates import SimulatedEstimates, simulate_estimates
from exprstats.simulate.evoked import SimulatedEvoked, simulate_evoked
from exprstats.simulate.expressiveness import Simulated, simulate_again, simulate_expressiveness
from exprstats.simulate.intensity import SimulatedIntensity, simulate_intensity
from exprstats.simulate.signing import SimulatedSigning, simulate_signing
from exprstats.simulate.truth import state_truth

__all__ = [
    "Simulated",
    "SimulatedEstimates",
    "SimulatedEvoked",
    "SimulatedIntensity",
    "SimulatedSigning",
    "simulate_again",
    "simulate_estimates",
    "simulate_evoked",
    "simulate_expressiveness",
    "simulate_intensity",
    "simulate_signing",
    "state_truth",
]
