"""JSON answers, written as compactly as JSON allows."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

__all__ = ["json_response"]


def json_response(value: Any, status: int = 200) -> Response:
    """`value` as an answer. NaN is refused, since JSON has none."""
    return Response(json.dumps(value, allow_nan=False, separators=(",", ":")), status, media_type="application/json")
