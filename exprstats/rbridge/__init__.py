"""The one door to R: probed in a separate process, started once, called by function name."""

from exprstats.rbridge.probe import RState, probe_r
from exprstats.rbridge.session import Reply, call, find_scripts

__all__ = ["RState", "Reply", "call", "find_scripts", "probe_r"]
