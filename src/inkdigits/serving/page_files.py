"""The page's files, served by Starlette and checked by the browser for changes at every visit."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.staticfiles import StaticFiles

__all__ = ["add_page_routes"]

_FOLDER = Path(__file__).parent / "page"
_PAGES = {"/": "index.html", "/docs": "docs.html", "/favicon.ico": "icon.svg"}


class _PageFiles(StaticFiles):
    """Static files with `Cache-Control: no-cache`: kept by the browser, and used after a 304."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "no-cache"
        return response


def add_page_routes(app: FastAPI) -> None:
    """Serve the page at /, the description of the API at /docs, and their parts below /page/."""
    # Browsers run modules of this type only, and a machine's own table may name another.
    mimetypes.add_type("text/javascript", ".js")
    files = _PageFiles(directory=_FOLDER)

    @app.get("/page/{name}", include_in_schema=False)
    async def part(request: Request, name: str) -> Response:
        return await files.get_response(name, request.scope)

    async def page(request: Request) -> Response:
        return await files.get_response(_PAGES[request.scope["route"].path], request.scope)

    for path in _PAGES:
        app.add_api_route(path, page, include_in_schema=False)
