"""The page's files."""

from __future__ import annotations

from tests.serving.server import Served


def test_the_page_and_its_parts_come_from_here(served: Served) -> None:
    page = served.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert b"//" not in page.body.replace(b"<!doctype html>", b"")
    assert served.get("/", **{"If-None-Match": page.headers["etag"]}).status == 304
    assert served.get("/docs").status == 200
    assert served.get("/favicon.ico").headers["content-type"] == "image/svg+xml"
