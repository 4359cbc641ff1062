"""The token that requests need, read again when its file changes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from inkdigits.errors import ServingError
from inkdigits.serving.access_log import log_event
from inkdigits.serving.settings import Settings, read_token

__all__ = ["CurrentToken"]

_SECONDS = 1.0  # between two checks of the file


@dataclass
class CurrentToken:
    """The token of `settings`; a file that is missing or holds no token leaves the last one valid."""

    settings: Settings
    checked: float = 0.0
    read_from: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        self._token = self.settings.token

    def __call__(self) -> str | None:
        """The token; None where none is needed."""
        if self.settings.token_file is not None and time.monotonic() > self.checked + _SECONDS:
            self.checked = time.monotonic()
            self._read_again()
        return self._token

    def _signature(self) -> tuple[int, int] | None:
        if self.settings.token_file is None:
            return None
        try:
            status = self.settings.token_file.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def _read_again(self) -> None:
        signature = self._signature()
        if self.settings.token_file is None or signature == self.read_from:
            return
        self.read_from = signature
        try:
            self._token = read_token(self.settings.token_file)
        except ServingError as error:
            log_event("token_kept", "warning", error=str(error))
