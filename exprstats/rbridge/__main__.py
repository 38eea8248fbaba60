"""The separate process in which `probe_r` starts R."""

from __future__ import annotations

import json
import sys

from exprstats.rbridge.probe import ANSWER, PARTS
from exprstats.rbridge.session import start_here, to_python

seen = to_python(start_here()["describe_r"]())
plain = {name: part if name in PARTS else part[0] for name, part in seen.items()}


plain["utf8"] = bool(plain["utf8"])


sys.stdout.write(f"\n{ANSWER}{json.dumps(plain)}\n")
