"""What JAX compiles, kept in the user's cache folder, so that a second training compiles nothing."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path

__all__ = ["cache_folder", "keep_compiled"]


def keep_compiled() -> None:
    """Let JAX, which must be imported, keep what it compiles in `cache_folder()`.

    Nothing changes where JAX was told of a folder already (JAX_COMPILATION_CACHE_DIR), or where none can be written.
    """
    import jax

    if jax.config.jax_compilation_cache_dir is not None:
        return
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # a home that cannot be written only costs the time to compile again
    if not os.access(folder, os.W_OK):
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    # JAX's own bounds leave out what takes under a second to compile, which is most of what our networks need.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


def cache_folder() -> Path:
    """Where compiled code is kept: below XDG_CACHE_HOME or ~/.cache, apart for every kind of processor.

    A home that several machines share must not hand one's instructions to another that lacks them.
    """
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "inkdigits" / "compiled" / hashlib.sha256(_processor().encode()).hexdigest()[:16]


def _processor() -> str:
    named = f"{platform.machine()} {platform.processor()}"
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return named
    return " ".join([named, *(line for line in lines if line.startswith(("model name", "flags", "Features")))][:3])
