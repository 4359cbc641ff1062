"""Event loops that hang on SIGUSR1, since Python's handlers of signals run in the main thread as the loop does."""

from __future__ import annotations

from pathlib import Path

HANGS = {"loops": "while True: pass", "blocks": "import time; time.sleep(3600)"}


def hanging_on_signal(folder: Path, call: str) -> dict[str, str]:
    """The environment of a server whose processes all do `call` on SIGUSR1, by a file in `folder`."""
    handler = f"import signal\ndef hang(*_):\n    {call}\nsignal.signal(signal.SIGUSR1, hang)\n"
    (folder / "sitecustomize.py").write_text(handler)
    return {"PYTHONPATH": str(folder)}
