"""The log: one JSON object a line, on stderr."""

from __future__ import annotations

import json
import sys
import time

__all__ = ["tell"]


def tell(event: str, **facts: object) -> None:
    """Write one line of JSON on stderr."""
    line = {"time": round(time.time(), 3), "event": event, **facts}
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()
