"""What a shell completes: networks, recipes, runs and models (`inkdigits --install-completion`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

__all__ = ["known_models", "known_networks", "known_recipes", "runs_here"]


def known_networks(incomplete: str) -> list[str]:
    """The networks whose names begin with `incomplete`."""
    from inkdigits.networks.registry import NETWORKS

    return [name for name in NETWORKS if name.startswith(incomplete)]


def known_models(incomplete: str) -> list[str]:
    """The shipped models whose names begin with `incomplete`, and model files and runs whose paths do."""
    from inkdigits.modelfile.predictor import shipped_models

    shipped = [name for name in shipped_models() if name.startswith(incomplete)]
    files = [str(path) for suffix in (".onnx", ".keras") for path in sorted(Path().glob(f"{incomplete}*{suffix}"))]
    return [*shipped, *files, *runs_here(incomplete)]


def known_recipes(incomplete: str) -> list[str]:
    """The recipes whose names begin with `incomplete`, and TOML files."""
    from inkdigits.training.recipes import RECIPES

    files = (str(path) for path in sorted(Path().glob(f"{incomplete}*.toml")))
    return [*(name for name in RECIPES if name.startswith(incomplete)), *files]


def runs_here(incomplete: str) -> list[str]:
    """The folders of runs whose paths begin with `incomplete`, in runs/ and in the folder that is being typed."""
    return [path for path in _runs() if path.startswith(incomplete)] or [
        str(path.parent) for path in sorted(Path().glob(f"{incomplete}*/config.json"))
    ]


def _runs() -> Iterator[str]:
    yield from (str(path.parent) for path in sorted(Path("runs").glob("**/config.json")))
