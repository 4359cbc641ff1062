"""What a command looks up or connects to beyond this machine, by strace."""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
from pathlib import Path

import pytest

# A socket as `strace -yy` shows it, with the other end where it is connected, and an address among the arguments.
_SOCKET = re.compile(r" (?P<call>\w+)\(\d+<(?P<protocol>UDP|TCP|RAW)(v6)?:\[(.*?->\[?(?P<end>[0-9a-f.:]+)\]?:\d+)?")
_ARGUMENT = re.compile(r'sin6?_port=.*?"(?P<address>[0-9a-f.:]+)"')
# In CI some libraries report nothing, and the process of the tests may have switched them off.
_NOT_A_USERS = (
    *(
        "CI",
        "TF_BUILD",
        "JENKINS_URL",
        "GITHUB_ACTIONS",
        "DO_NOT_TRACK",
        "ORT_DISABLE_TELEMETRY",
        "ORT_TELEMETRY_DISABLED",
    ),
    *("MLFLOW_DISABLE_TELEMETRY", "RAY_USAGE_STATS_ENABLED"),
)


def traced(script: str, calls: Path) -> str:
    """A Bash script that runs `script` and has what it and its children connect and send to written into `calls`.

    Without strace the test is skipped; in CI it fails.
    """
    program = shutil.which("strace")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("strace is not installed: apt-get install strace")
        pytest.skip("needs strace: apt-get install strace")
    home = calls.parent / "home"
    home.mkdir(exist_ok=True)
    user = f"unset {' '.join(_NOT_A_USERS)}\nexport HOME={home}"
    (calls.parent / "script.sh").write_text(f"set -euo pipefail\n{user}\n{script}\n")
    watched = "connect,sendto,sendmsg,sendmmsg"
    return f"{program} -f --seccomp-bpf -qq -yy -e trace={watched} -o {calls} bash {calls.parent / 'script.sh'}"


def foreign_lookups(calls: Path) -> list[str]:
    """The calls that connected to another machine, or sent it something, such as a question to a name server.

    A UDP socket that is only connected sends nothing: so programs ask the system for their own address.
    """
    own = _own_addresses()
    return [line for line in calls.read_text().splitlines() if (other := _other_end(line)) and not _is_here(other, own)]


def _other_end(line: str) -> str | None:
    """The address that a call reaches, if it does."""
    found = _SOCKET.search(line)
    if found is None or (found["protocol"] == "UDP" and found["call"] == "connect"):
        return None
    argument = _ARGUMENT.search(line)
    return found["end"] or (argument["address"] if argument else None)


def _is_here(other: str, own: set[str]) -> bool:
    address = ipaddress.ip_address(other.removeprefix("::ffff:"))
    return address.is_loopback or address.is_unspecified or str(address) in own


def _own_addresses() -> set[str]:
    """The IPv4 addresses of this machine."""
    routes = Path("/proc/net/fib_trie").read_text()
    return set(re.findall(r"\|-- ([\d.]+)\n\s+/32 host LOCAL", routes))
