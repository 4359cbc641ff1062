"""Access control: hosts, tokens, pages of other sites."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inkdigits.datasets.labelled import LabelledDigits
from tests.serving.server import Served, open_connection, png, serving

TOKEN = "a-token-of-some-length"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text(TOKEN + "\n")
    with serving("--model", "dense", "--token-file", file, "--prefix", "/digits") as server:
        yield server


@pytest.mark.parametrize("path", ["/v1/models", "/v2", "/v2/models/dense", "/metrics"])
@pytest.mark.parametrize(
    "given", ["", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer "]
)
def test_nothing_without_the_token(guarded: Served, path: str, given: str) -> None:
    answer = guarded.get(path, Authorization=given)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_token_opens(guarded: Served, digits: LabelledDigits) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert guarded.get("/v1/models", **bearer).status == 200
    assert guarded.get("/metrics", **bearer).status == 200
    picture = png(digits.images[0])
    assert guarded.reading(picture, **bearer)["string"] == "7"
    # A token is more than an origin: whoever knows it may ask from anywhere.
    assert guarded.read(picture, Origin="http://elsewhere.example", **bearer).status == 200
    assert guarded.read(picture).status == 401
    assert TOKEN not in guarded.log.read_text()


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/page/app.js", "/v2/health/live", "/v2/health/ready"])
def test_the_page_and_health_need_no_token(guarded: Served, path: str) -> None:
    assert guarded.get(path).status == 200


def test_metrics_can_be_opened(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    with serving("--model", "dense", "--token-file", tmp_path / "token", "--open-metrics") as server:
        assert server.get("/metrics").status == 200
        assert server.get("/v1/models").status == 401


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example", "203.0.113.9", ""])
def test_a_foreign_name_is_refused(served: Served, host: str) -> None:
    """As in DNS rebinding: a page whose host name was made to resolve to this machine."""
    assert served.get("/v1/models", Host=host).status == 421


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9", "127.0.0.1", "[::1]", "[::1]:8000", "127.1.2.3"])
def test_this_machines_names_are_not(served: Served, host: str) -> None:
    assert served.get("/v1/models", Host=host).status == 200


def test_other_names_by_permission() -> None:
    with serving("--model", "dense", "--allow-host", "Digits.example") as server:
        assert server.get("/v1/models", Host="digits.example:443").status == 200
        assert server.get("/v1/models", Host="other.example").status == 421
        answer = server.read(b"x", Host="127.0.0.1", Origin="https://digits.example")
        assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/read", "/v1/classify", "/v1/corrections", "/v2/models/cnn/infer"])
def test_a_foreign_page_cannot_use_a_visitors_server(served: Served, path: str, headers: dict[str, str]) -> None:
    assert served.ask("POST", path, b"{}", {"Content-Type": "text/plain", **headers}).status == 403


def test_our_own_page_may(served: Served, digits: LabelledDigits) -> None:
    own = {"Origin": served.url, "Sec-Fetch-Site": "same-origin"}
    assert served.read(png(digits.images[0]), **own).status == 200


def test_no_other_site_is_invited(served: Served) -> None:
    answer = served.ask(
        "OPTIONS", "/v1/read", None, {"Origin": "http://a.example", "Access-Control-Request-Method": "POST"}
    )
    assert answer.status == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("hosts", [b"", b"Host: localhost\r\nHost: localhost\r\n"])
def test_one_host_and_only_one(served: Served, hosts: bytes) -> None:
    connection = open_connection(served, b"GET /v1/models HTTP/1.1\r\n" + hosts + b"\r\n")
    assert connection.recv(12) == b"HTTP/1.1 400"
    connection.close()


def test_a_changed_token_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    with serving("--model", "dense", "--token-file", file, "--quiet") as server:
        later = "another-token-of-some-length"
        (tmp_path / "next").write_text(later)
        (tmp_path / "next").replace(file)
        time.sleep(1.2)
        assert server.get("/v1/models", Authorization=f"Bearer {later}").status == 200
        assert server.get("/v1/models", Authorization=f"Bearer {TOKEN}").status == 401
        file.write_text("short")
        time.sleep(1.2)
        assert server.get("/v1/models", Authorization=f"Bearer {later}").status == 200
        assert [line["event"] for line in server.lines()] == ["token_kept"]


def test_the_clients_address_behind_a_trusted_proxy() -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    with serving("--model", "dense", "--trust-proxy", "127.0.0.1") as server:
        assert server.get("/v1/models", **forwarded).status == 200
        same = {**forwarded, "Origin": f"https://127.0.0.1:{server.port}"}
        assert server.ask("POST", "/v1/read", b"x", {**same, "Content-Type": "image/png"}).status == 200
        other = {**same, "Origin": f"http://127.0.0.1:{server.port}"}
        assert server.ask("POST", "/v1/read", b"x", {**other, "Content-Type": "image/png"}).status == 403
        time.sleep(0.2)
        assert {line["client"] for line in server.lines()} == {"203.0.113.9"}
    with serving("--model", "dense") as server:
        server.get("/v1/models", **forwarded)
        time.sleep(0.2)
        assert {line["client"] for line in server.lines()} == {"127.0.0.1"}
