"""Security headers and the path prefix."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serving.server import Served, serving

TOKEN = "a-token-of-some-length"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text(TOKEN + "\n")
    with serving("--model", "dense", "--token-file", file, "--prefix", "/digits") as server:
        yield server


def test_with_a_prefix_and_without(guarded: Served) -> None:
    for path in ("/digits/", "/digits/page/app.js", "/digits/v2/health/ready", "/"):
        assert guarded.get(path).status == 200
    assert guarded.get("/digits/v1/models").status == 401
    assert guarded.get("/digits").status == 307
    assert guarded.get("/digits").headers["location"] == "/digits/"
    assert guarded.get("/openapi.json").json["servers"] == [{"url": "/digits"}]


@pytest.mark.parametrize("path", ["/", "/docs", "/v1/models", "/nothing", "/v2/health/ready", "/page/app.js"])
def test_every_response_has_the_security_headers(served: Served, path: str) -> None:
    headers = served.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers
    assert "cache-control" in headers
