"""What identifies a request in answers and logs: X-Request-ID, and the trace that W3C's `traceparent` names."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["RequestIds", "request_ids"]

_ID = re.compile(r"[A-Za-z0-9._~+/=-]{1,128}")
# Version 00 of https://www.w3.org/TR/trace-context: trace, parent and flags; later versions may add fields.
_TRACE = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:-.*)?")


@dataclass(frozen=True)
class RequestIds:
    """A request's own identifier, and its trace where the client named one."""

    request: str
    trace: str | None = None
    trace_flags: str = "00"

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The response's headers."""
        found = [(b"x-request-id", self.request.encode())]
        if self.trace is not None:
            parent = f"00-{self.trace}-{secrets.token_hex(8)}-{self.trace_flags}"
            found.append((b"traceparent", parent.encode()))
        return found

    def fields(self) -> dict[str, str]:
        """The fields of a log line."""
        return {"request_id": self.request} | ({"trace_id": self.trace} if self.trace else {})


def request_ids(headers: Mapping[str, str]) -> RequestIds:
    """The identifiers in `headers`, whose names are in lower case; a request without a valid one is given one."""
    wanted = headers.get("x-request-id", "")
    request = wanted if _ID.fullmatch(wanted) else secrets.token_hex(16)
    trace = _TRACE.fullmatch(headers.get("traceparent", ""))
    return RequestIds(request) if trace is None else RequestIds(request, trace[1], trace[2])
