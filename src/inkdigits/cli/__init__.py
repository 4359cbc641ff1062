"""The command line: `inkdigits --help`."""

from __future__ import annotations

from inkdigits.cli.app import app, main

__all__ = ["app", "main"]
