"""Errors in one form for all routes."""

from __future__ import annotations

from tests.serving.server import Served


def test_unknown_addresses_and_methods(served: Served) -> None:
    assert served.get("/v1/nothing").json["title"] == "Not Found"
    assert set(served.get("/v2/nothing").json) == {"error"}
    wrong = served.get("/v1/read")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    for path in ("/page/../app.py", "/page/%2e%2e%2fapp.py", "/page/..%2f..%2ferrors.py", "/page/nix.js"):
        assert served.get(path).status == 404
