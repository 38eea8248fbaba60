"""The one door to R: probe it in a process apart, start it once, call its functions by name."""

from exprstats.rbridge.probe import RState, probe_r
from exprstats.rbridge.session import Reply, call, find_scripts

__all__ = ["RState", "Reply", "call", "find_scripts", "probe_r"]
