"""What a command looks up or connects to beyond this machine, by strace."""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
from pathlib import Path

import pytest

_CALL = re.compile(
    r"""(?P<protocol>UDP|TCP|RAW)[^\n]*?sin6?_port=htons\((?P<port>\d+)\).*?"(?P<address>[0-9a-fA-F.:]+)\""""
)
_DNS = 53
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
    """The calls that asked a name server, or connected to another machine.

    A UDP socket that is only connected sends nothing: so a program asks the system for its own address.
    """
    own = _own_addresses()
    found = []
    for line in calls.read_text().splitlines():
        call = _CALL.search(line)
        if call is None:
            continue
        address = ipaddress.ip_address(call["address"].removeprefix("::ffff:"))
        is_here = address.is_loopback or address.is_unspecified or str(address) in own
        sends = call["protocol"] != "UDP" or " connect(" not in line
        if int(call["port"]) == _DNS or (sends and not is_here):
            found.append(line)
    return found


def _own_addresses() -> set[str]:
    """The IPv4 addresses of this machine."""
    routes = Path("/proc/net/fib_trie").read_text()
    return set(re.findall(r"\|-- ([\d.]+)\n\s+/32 host LOCAL", routes))
