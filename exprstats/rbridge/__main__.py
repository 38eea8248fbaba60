"""The separate process in which `probe_r` starts R."""

from __future__ import annotations

import json
import sys

from exprstats.rbridge.crossing import to_python
from exprstats.rbridge.probe import ANSWER
from exprstats.rbridge.session import start_here

seen = to_python(start_here()["describe_r"]())
plain = {name: part[0] for name, part in seen.items() if name != "packages"}


plain |= {"utf8": bool(plain["utf8"]), "packages": seen["packages"]}


sys.stdout.write(f"\n{ANSWER}{json.dumps(plain)}\n")
