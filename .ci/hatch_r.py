"""The wheel carries the R files as ``exprstats/_r``; an editable install reads ``r/R`` itself."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RFiles(BuildHookInterface):
    """Add the R files to a wheel, unless it is an editable one."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the folder that goes into the wheel."""
        if version != "editable":
            build_data["force_include"]["r/R"] = "exprstats/_r"
