"""Errors in one form for all routes."""

from __future__ import annotations

import pytest

from tests.serving.server import Served


def test_unknown_addresses_and_methods(served: Served) -> None:
    assert served.get("/v1/nothing").json["title"] == "Not Found"
    assert set(served.get("/v2/nothing").json) == {"error"}
    wrong = served.get("/v1/read")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    assert served.ask("DELETE", "/v1/models").headers["allow"] == "GET, HEAD"
    for path in ("/page/../app.py", "/page/%2e%2e%2fapp.py", "/page/..%2f..%2ferrors.py", "/page/nix.js"):
        assert served.get(path).status == 404


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/page/app.js", "/v1/models", "/v2", "/v2/models/cnn", "/v2/health/live", "/openapi.json"]
)
def test_head_is_get_without_its_body(served: Served, path: str) -> None:
    got, head = served.get(path), served.ask("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    varying = {"date", "x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in varying} == {
        k: v for k, v in got.headers.items() if k not in varying
    }


def test_an_address_with_a_slash_too_many_is_not_redirected(served: Served) -> None:
    """Behind a proxy, a redirect would name another scheme, and lack the prefix."""
    assert served.get("/v1/models/").status == 404
