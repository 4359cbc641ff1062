"""The page's files, and those of the reader in the browser, checked by the browser for changes at every visit."""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.staticfiles import StaticFiles

__all__ = ["add_page_routes"]

_FOLDER = Path(__file__).parent / "page"
_PAGES = {"/": "index.html", "/docs": "docs.html", "/favicon.ico": "icon.svg"}
# What index.html says of where pictures may be read, on the server alone and in the browser too.
_ON_SERVER, _ON_BOTH = b'name="inkdigits-reader" content="server"', b'name="inkdigits-reader" content="server device"'
# What index.html offers that needs an extra, by the module that the extra brings.
_OFFERED = {"pillow_heif": (b",.heic",), "pypdfium2": (b",.pdf", b", a PDF")}
# A page whose browser computes: WebAssembly, in workers, on threads, for which it is isolated from others.
_COMPUTING = {
    "content-security-policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; "
    "style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "cross-origin-embedder-policy": "require-corp",
}


class _PageFiles(StaticFiles):
    """Static files with `Cache-Control: no-cache`: kept by the browser, and used after a 304."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "no-cache"
        return response


def add_page_routes(app: FastAPI, site: Path | None = None) -> None:
    """Serve the page at /, the description of the API at /docs, and their parts below /page/.

    With `site`, a folder that `inkdigits page` has written, the page may read in the browser too, with the site's files
    below /reader/ and /runtime/.
    """
    # Browsers run modules of this type only, and a machine's own table may name another.
    mimetypes.add_type("text/javascript", ".js")
    files = _PageFiles(directory=_FOLDER)

    @app.get("/page/{name}", include_in_schema=False)
    async def part(request: Request, name: str) -> Response:
        return await files.get_response(name, request.scope)

    async def page(request: Request) -> Response:
        return await files.get_response(_PAGES[request.scope["route"].path], request.scope)

    if site is not None:
        _add_reader_routes(app, site)
    elif not all(map(find_spec, _OFFERED)):
        _add_index(app, _index(), {})
    for path in _PAGES:
        app.add_api_route(path, page, include_in_schema=False)


def _index() -> bytes:
    """The page at /, which offers to read the formats that can be read."""
    html = (_FOLDER / "index.html").read_bytes()
    for module, offers in _OFFERED.items():
        for offer in offers if find_spec(module) is None else ():
            html = html.replace(offer, b"")
    return html


def _add_index(app: FastAPI, html: bytes, headers: dict[str, str]) -> None:
    @app.get("/", include_in_schema=False)
    async def index() -> Response:
        return Response(html, headers={"cache-control": "no-cache", **headers}, media_type="text/html")


def _add_reader_routes(app: FastAPI, site: Path) -> None:
    _add_index(app, _index().replace(_ON_SERVER, _ON_BOTH), _COMPUTING)
    for folder in ("reader", "runtime"):
        app.add_api_route(f"/{folder}/{{name}}", _part_of(site / folder), include_in_schema=False)


def _part_of(folder: Path) -> Callable[[Request, str], Awaitable[Response]]:
    files = _PageFiles(directory=folder)

    async def part(request: Request, name: str) -> Response:
        response = await files.get_response(name, request.scope)
        response.headers.update(_COMPUTING)
        return response

    return part
