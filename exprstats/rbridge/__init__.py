"""The one door to R: probed in a separate process, started once, called by function name."""

from exprstats.rbridge.probe import RState, probe_r
from exprstats.rbridge.rscript import find_scripts
from exprstats.rbridge.session import Reply, call

__all__ = ["RState", "Reply", "call", "find_scripts", "probe_r"]
