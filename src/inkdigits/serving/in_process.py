"""One request without a port, for tests and debugging."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from starlette.types import Message

from inkdigits.serving.application import build_app
from inkdigits.serving.settings import Settings

__all__ = ["Answer", "ask", "get"]


@dataclass(frozen=True)
class Answer:
    """A status code and a body."""

    status: int
    body: bytes


def get(settings: Settings, path: str) -> Answer:
    """What the server of these settings answers to GET `path`. Whoever may start it needs no token."""
    return asyncio.run(ask(build_app(replace(settings, token=None, access_log=False)), path))


async def ask(app: object, path: str) -> Answer:
    """What the application answers to GET `path`, asked from within its own event loop."""
    target, _, query = path.partition("?")
    target = f"/{target.lstrip('/')}"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": target,
        "raw_path": target.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)  # type: ignore[operator]
    return Answer(sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]))
