"""Exit code 0 when the server of this container is ready, at the address that its command names.

The command line of the container's first process is read, since options that are typed there come before the variables
of the environment. An argument names another process.
"""

import argparse
import os
import sys
import urllib.request
from pathlib import Path

HERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # all addresses: ask this one


def main() -> None:
    """Ask; what goes wrong is an exception, so the exit code is 1."""
    process = sys.argv[1] if len(sys.argv) > 1 else "1"
    command = Path(f"/proc/{process}/cmdline").read_text().split("\0")
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False, exit_on_error=False)
    parser.add_argument("--host", default=os.environ.get("INKDIGITS_SERVE_HOST", "127.0.0.1"))
    parser.add_argument("--port", default=os.environ.get("INKDIGITS_SERVE_PORT", "8000"))
    typed, _ = parser.parse_known_args(command)
    host = HERE.get(typed.host, f"[{typed.host}]" if ":" in typed.host else typed.host)
    urllib.request.urlopen(f"http://{host}:{typed.port}/v2/health/ready", timeout=2)


if __name__ == "__main__":
    main()
