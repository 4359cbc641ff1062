"""The program `inkdigits`, and `python -m inkdigits`."""

from __future__ import annotations

import os
import signal
from typing import Any


def main() -> None:
    """Run the command line. Ctrl-C while that is imported ends the program at once, with exit code 130."""
    # Where the shell has SIGINT ignored, in a background job, it stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    from inkdigits.cli import main as run_command_line

    run_command_line()


def _end(*_: Any) -> None:
    # An exception might be swallowed by what is being imported, or be printed with its traceback.
    os._exit(130)


if __name__ == "__main__":
    main()
