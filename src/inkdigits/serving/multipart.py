"""The files of a multipart/form-data body, parsed by Starlette and kept in memory."""

from __future__ import annotations

import sys

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from inkdigits.errors import RequestError

__all__ = ["form_files"]


class _InMemoryParser(MultiPartParser):
    """Starlette's parser, which by itself writes large files to disk and accepts a form that is cut off."""

    spool_max_size = sys.maxsize
    complete = False

    def on_end(self) -> None:
        self.complete = True


async def form_files(request: Request, max_files: int) -> list[tuple[str, bytes]]:
    """Each file's name, or its field's name where it has none, and its content, in the order of the form.

    Raises `RequestError`: 400 for a malformed or truncated form, 413 for more than `max_files` files or other fields,
    422 for a form without a file.
    """
    parser = _InMemoryParser(request.headers, request.stream(), max_files=max_files, max_fields=max_files)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        if error.message.startswith("Too many"):
            raise RequestError(413, "too-many", f"at most {max_files} files in one request") from error
        raise RequestError(400, "multipart", f"the multipart body is malformed: {error.message}") from error
    uploads = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]
    files = [(upload.filename or name, await upload.read()) for name, upload in uploads]
    await form.close()
    if not parser.complete:
        raise RequestError(400, "multipart", "the multipart body was cut off")
    if not files:
        raise RequestError(422, "picture", "no picture in the form: expected at least one file")
    return files
