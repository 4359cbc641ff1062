"""Write docs/reference/cli.md from the command line itself; with --check only say whether it is stale."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parent / "reference" / "cli.md"


def main() -> None:
    """Write or check the page. Exit code 1 when it is stale."""
    command = [sys.executable, "-m", "typer", "inkdigits.cli.app", "utils", "docs", "--name", "inkdigits"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip() + "\n"
    if "--check" not in sys.argv:
        PAGE.write_text(text)
    elif PAGE.read_text() != text:
        sys.exit(f"{PAGE.name} is stale: run make docs")


if __name__ == "__main__":
    main()
