"""JAX's compilation cache, in the user's cache folder, so that a second training compiles nothing."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path

__all__ = ["cache_folder", "enable_compilation_cache"]


def enable_compilation_cache() -> None:
    """Let JAX, which must be imported, cache what it compiles in `cache_folder()`.

    Nothing changes where JAX has a cache folder already (JAX_COMPILATION_CACHE_DIR), or where none can be written.
    """
    import jax

    if jax.config.jax_compilation_cache_dir is not None:
        return
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # without a cache, JAX compiles again
    if not os.access(folder, os.W_OK):
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    # By default JAX does not cache what compiles in under a second, which is most of what these networks need.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


def cache_folder() -> Path:
    """The cache's folder below XDG_CACHE_HOME or ~/.cache, one for each kind of processor.

    Machines that share a home may have different instructions.
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
