"""The files in a multipart/form-data body, in memory; the body's size is bounded already."""

from __future__ import annotations

from dataclasses import dataclass, field

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from inkdigits.errors import RequestError

__all__ = ["Part", "parse_parts"]


@dataclass
class Part:
    """One part: its field's name, its file's name where it is a file, and its content."""

    name: str = ""
    filename: str | None = None
    content: bytes = b""


@dataclass
class _Parts:
    """Gathers what the parser calls out."""

    most: int
    done: list[Part] = field(default_factory=list)
    headers: dict[str, bytes] = field(default_factory=dict)
    key: bytes = b""
    value: bytes = b""
    chunks: list[bytes] = field(default_factory=list)
    ended: bool = False

    def on_part_begin(self) -> None:
        self.headers, self.chunks = {}, []
        if len(self.done) >= self.most:
            raise RequestError(413, "too-many", f"at most {self.most} parts in one request")

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self.key += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def on_header_end(self) -> None:
        self.headers[self.key.decode("latin-1").lower()] = self.value
        self.key = self.value = b""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.chunks.append(data[start:end])

    def on_part_end(self) -> None:
        _, options = parse_options_header(self.headers.get("content-disposition", b""))
        filename = options.get(b"filename")
        self.done.append(
            Part(
                options.get(b"name", b"").decode("utf-8", "replace"),
                None if filename is None else filename.decode("utf-8", "replace"),
                b"".join(self.chunks),
            )
        )

    def on_end(self) -> None:
        self.ended = True


def parse_parts(body: bytes, content_type: str, most: int) -> list[Part]:
    """The parts of `body`. Raises `RequestError` 400 when it is malformed or cut off, 413 for more than `most`."""
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise RequestError(400, "multipart", "multipart/form-data without a boundary")
    parts = _Parts(most)
    names = [name for name in dir(parts) if name.startswith("on_")]
    try:
        parser = MultipartParser(boundary, {name: getattr(parts, name) for name in names})
        parser.write(body)
        parser.finalize()
    except MultipartParseError as error:
        raise RequestError(400, "multipart", "the multipart body is malformed") from error
    if not parts.ended:
        raise RequestError(400, "multipart", "the multipart body was cut off")
    return parts.done
