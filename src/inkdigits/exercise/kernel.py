"""A fresh kernel for one submission, whose limits are enforced from outside.

The checker talks to it over sockets that are files in a folder of their own, so it needs no network. The kernel's own
standard output goes nowhere: results come from the checker's side of the sockets only.
"""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from inkdigits.exercise.containment import TOKEN, ControlGroups, end_processes, isolation_prefix, measure_usage
from inkdigits.exercise.other_user import OtherUser
from inkdigits.exercise.submission_limits import SubmissionLimits
from inkdigits.training.backend import choose_backend

__all__ = ["Executed", "Kernel", "KernelFolders", "clean_environment", "run_kernel"]

_KEPT = (
    "CUDA_VISIBLE_DEVICES", "JAX_PLATFORMS", "KERAS_BACKEND", "KERAS_TORCH_DEVICE", "LANG", "LC_ALL", "LD_LIBRARY_PATH",
    "OMP_NUM_THREADS", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "TZ",
)  # fmt: skip
# The first process of a process namespace ignores signals to itself and inherits orphans, so it is a shell.
_INIT = ("/bin/sh", "-c", '"$@"; exit $?', "sh")
_POLL = 0.25  # seconds between two looks at clock, memory and processes
_GRACE = 10.0  # seconds that an interrupted cell has to stop


@dataclass
class Executed:
    """What came of one piece of code."""

    seconds: float = 0.0
    text: str = ""  # what it printed, cut at the limit
    error_name: str | None = None
    error_text: str = ""
    error_line: int | None = None  # in the piece of code, 1 for the first line
    limit: str | None = None  # why the checker stopped it, in words
    values: dict[str, str] = field(default_factory=dict)  # of the expressions that were asked for

    @property
    def ok(self) -> bool:
        """Whether it ran to its end."""
        return self.error_name is None and self.limit is None


def clean_environment(home: Path, keras_home: Path, token: str) -> dict[str, str]:
    """The environment of a submission: of the caller's only what locates Python, the backend and the device."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        "KERAS_BACKEND": choose_backend(),
        **kept,
        "HOME": str(home),
        "TMPDIR": str(home),
        "KERAS_HOME": str(keras_home),
        "IPYTHONDIR": str(home / ".ipython"),
        "MPLCONFIGDIR": str(keras_home / "matplotlib"),
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONUNBUFFERED": "1",
        TOKEN: token,
    }


class Kernel:
    """A running kernel. `execute` never raises for what a submission does; a dead kernel answers with a limit."""

    def __init__(
        self, process: subprocess.Popen[bytes], client: Any, limits: SubmissionLimits, stop: Event, token: str
    ) -> None:
        self._process = process
        self._client = client
        self._limits = limits
        self._stop = stop
        self._token = token
        self._groups: ControlGroups | None = None
        self._deadline = time.monotonic() + limits.total_seconds
        self.death: str | None = None  # why the kernel is gone, in words

    def set_groups(self, groups: ControlGroups) -> None:
        """Ask `groups`, too, whether memory was exceeded."""
        self._groups = groups

    def execute(self, code: str, values: dict[str, str] | None = None, silent: bool = False) -> Executed:
        """Run `code`; afterwards evaluate the expressions `values`, unless the code failed."""
        done = Executed()
        if self.death:
            done.limit = self.death
            return done
        started = time.monotonic()
        message = self._client.execute(
            code, silent=silent, store_history=not silent, allow_stdin=False, stop_on_error=False,
            user_expressions=values or {},
        )  # fmt: skip
        deadline = started + self._limits.cell_seconds
        while not self._collect(message, done):
            self._enforce_limits(done, deadline)
            if done.limit:
                self._interrupt(message, done)
                break
        done.seconds = time.monotonic() - started
        return done

    def _collect(self, message: str, done: Executed) -> bool:
        """Take the messages that have arrived; True when the code has ended and all its output is here."""
        until = time.monotonic() + _POLL
        while time.monotonic() < until:
            try:
                arrived = self._client.get_iopub_msg(timeout=_POLL)
            except queue.Empty:
                return False
            if arrived["parent_header"].get("msg_id") != message:
                continue
            if arrived["msg_type"] == "status" and arrived["content"]["execution_state"] == "idle":
                self._take_reply(message, done)
                return True
            self._take_output(arrived, done)
            if len(done.text) > self._limits.output_bytes:
                return False
        return False

    def _take_output(self, arrived: dict[str, Any], done: Executed) -> None:
        content = arrived["content"]
        if arrived["msg_type"] == "stream":
            done.text += content["text"]
        elif arrived["msg_type"] in ("execute_result", "display_data"):
            done.text += content["data"].get("text/plain", "") + "\n"
        elif arrived["msg_type"] == "error":
            done.error_name, done.error_text = content["ename"], content["evalue"][:2000]
            done.error_line = _failing_line(content["traceback"])

    def _take_reply(self, message: str, done: Executed) -> None:
        until = time.monotonic() + _GRACE
        while time.monotonic() < until and self._process.poll() is None:
            with suppress(queue.Empty):
                reply = self._client.get_shell_msg(timeout=_POLL)
                if reply["parent_header"].get("msg_id") == message:
                    _read_reply(reply["content"], done)
                    return
        if not done.error_name and self._process.poll() is None:
            done.limit = "its kernel did not say how it ended"

    def _enforce_limits(self, done: Executed, deadline: float) -> None:
        limits, clock = self._limits, time.monotonic()
        if len(done.text) > limits.output_bytes:
            done.limit = f"it printed more than {limits.output_bytes / 2**20:.0f} MB"
            done.text = done.text[: limits.output_bytes]
        elif self._process.poll() is not None:
            self._die("its kernel died")
        elif clock > deadline:
            done.limit = f"it ran longer than {limits.cell_seconds:g} s, the limit of a cell: an endless loop?"
        elif clock > self._deadline:
            self._die(f"the notebook ran longer than {limits.total_seconds:g} s, the limit of all cells together")
        elif self._stop.is_set():
            self._die("the check was stopped")
        else:
            self._enforce_usage()
        done.limit = done.limit or self.death

    def _enforce_usage(self) -> None:
        if excess := self._excess():
            self._die(excess)

    def _excess(self) -> str | None:
        """What is over its limit. The number of processes comes first, since their memory follows from it."""
        usage, limits = measure_usage(self._token), self._limits
        if usage.processes > limits.processes:
            return f"it started {usage.processes} processes, at most {limits.processes} are allowed"
        exceeded = usage.memory_bytes > limits.memory_bytes or (self._groups and self._groups.memory_was_exceeded())
        return f"it needed more than {limits.memory_bytes / 2**30:g} GB of memory" if exceeded else None

    def _die(self, reason: str) -> None:
        # A kernel that the system killed for its memory is noticed as dead first.
        self.death = self._excess() or reason
        end_processes(self._token)

    def _interrupt(self, message: str, done: Executed) -> None:
        """Interrupt the code; a kernel that does not stop is killed."""
        if self.death:
            return
        self._client.control_channel.send(self._client.session.msg("interrupt_request"))
        until = time.monotonic() + _GRACE
        discarded = Executed()
        while time.monotonic() < until and self._process.poll() is None:
            discarded.text = ""
            if self._collect(message, discarded):
                return
        self._die(done.limit or "it could not be interrupted")

    def wait_until_ready(self) -> None:
        """Return when the kernel answers; a kernel that does not is dead."""
        until = time.monotonic() + self._limits.start_seconds
        while time.monotonic() < until and self._process.poll() is None and not self._stop.is_set():
            self._client.kernel_info()
            # Both sockets must have answered: a subscription that comes late loses what is printed before it.
            with suppress(queue.Empty):
                self._client.get_shell_msg(timeout=1)
                self._client.get_iopub_msg(timeout=1)
                return
        self._die(f"its kernel did not start within {self._limits.start_seconds:g} s")


def _read_reply(content: dict[str, Any], done: Executed) -> None:
    """Take the values, and the error: what a notebook publishes can be suppressed, the reply's status counts."""
    answers = content.get("user_expressions") or {}
    done.values = {name: answer["data"]["text/plain"] for name, answer in answers.items() if "data" in answer}
    if content.get("status") != "ok" and done.error_name is None:
        done.error_name = str(content.get("ename") or "an error that the notebook hid")
        done.error_text = str(content.get("evalue") or "")[:2000]
        done.error_line = _failing_line([str(line) for line in content.get("traceback") or []])


def _failing_line(traceback: list[str]) -> int | None:
    """The line of the cell where the error was raised, by IPython's arrow in the frame of the cell itself."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(traceback))
    frames = re.split(r"^(?=(?:Cell In|File ))", plain, flags=re.MULTILINE)
    for frame in reversed(frames):
        arrow = re.search(r"^-+> (\d+) ", frame, re.MULTILINE)
        if frame.startswith("Cell In") and arrow:
            return int(arrow[1])
    return None


@dataclass(frozen=True)
class KernelFolders:
    """The folders of one submission, all its own; `control` holds the sockets, so that its path must be short."""

    control: Path  # a socket's name has about 100 characters at most
    work: Path
    keras_home: Path


@contextmanager
def run_kernel(folders: KernelFolders, user: OtherUser, limits: SubmissionLimits, stop: Event) -> Iterator[Kernel]:
    """A kernel in the folder `work`; at the end of the block it and every process it started are killed."""
    from jupyter_client.blocking.client import BlockingKernelClient

    token = uuid.uuid4().hex
    groups = ControlGroups(f"inkdigits-{token}", limits)
    connection = folders.control / "kernel.json"
    client = BlockingKernelClient()
    client.load_connection_info(_connection_info(folders.control, connection))
    kernel_command = (sys.executable, "-m", "ipykernel_launcher", "-f", str(connection))
    user.take(folders.control, folders.work, folders.keras_home)
    command = [*groups.joining_command(), *isolation_prefix(), *user.prefix(), *_INIT, *kernel_command]
    process = subprocess.Popen(
        command,
        cwd=folders.work,
        env=clean_environment(folders.work, folders.keras_home, token),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        client.start_channels(stdin=False, hb=False)
        kernel = Kernel(process, client, limits, stop, token)
        kernel.set_groups(groups)
        kernel.wait_until_ready()
        yield kernel
    finally:
        _close(client)
        _end(process, token, groups)


def _close(client: Any) -> None:
    """Close the sockets and the event loop that the client made for this thread, which it leaves open."""
    from jupyter_core.utils import ensure_event_loop

    client.stop_channels()
    client.context.destroy(linger=0)
    ensure_event_loop().close()


def _connection_info(control: Path, connection: Path) -> dict[str, Any]:
    from jupyter_client.connect import write_connection_file

    ports = {f"{name}_port": number for number, name in enumerate(("shell", "iopub", "stdin", "hb", "control"), 1)}
    _, info = write_connection_file(
        str(connection), transport="ipc", ip=str(control / "s"), key=uuid.uuid4().hex.encode(), **ports
    )
    return dict(info)


def _end(process: subprocess.Popen[bytes], token: str, groups: ControlGroups) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    end_processes(token)
    process.wait()
    groups.end()
