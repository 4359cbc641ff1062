"""The page and its parts, held in memory and told apart by their checksums."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from inkdigits.errors import RequestError

__all__ = ["Files"]

_FOLDER = Path(__file__).parent / "page"
# Not by the machine's own table, which differs from one to the next.
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".png": "image/png",
}


class Files:
    """Every file of the page, read once."""

    def __init__(self) -> None:
        self._content = {path.name: path.read_bytes() for path in _FOLDER.iterdir() if path.suffix in _KINDS}
        self._tags = {name: f'"{hashlib.sha256(body).hexdigest()[:20]}"' for name, body in self._content.items()}

    def answer(self, request: Request, name: str) -> Response:
        """The file called `name`, or 304 when the client has it. Raises `RequestError` 404."""
        if name not in self._content:
            raise RequestError(404, "not-found", "there is nothing at this address")
        headers = {"etag": self._tags[name], "cache-control": "no-cache"}
        if self._tags[name] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(self._content[name], headers=headers, media_type=_KINDS[Path(name).suffix])
