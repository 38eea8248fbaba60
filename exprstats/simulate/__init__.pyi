from .estimates import SimulatedEstimates, simulate_estimates
from .evoked import SimulatedEvoked, simulate_evoked
from .expressiveness import Simulated, simulate_again, simulate_expressiveness
from .intensity import SimulatedIntensity, simulate_intensity
from .signing import SimulatedSigning, simulate_signing
from .truth import state_truth

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
