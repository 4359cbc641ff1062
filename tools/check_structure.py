"""Check the structure of src/inkdigits: unique names of modules and classes, sizes of functions, files and signatures.

Exit code 1, and one line for each finding, when a name is used twice or something is larger than allowed. With
`--report` it is 0.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "inkdigits"
MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 400
MAX_PARAMETERS = 8
# The parameters of a command are its options, and Typer reads them from the signature.
UNLIMITED_PARAMETERS = "cli"

Module = tuple[Path, ast.Module]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def findings(package: Path) -> list[str]:
    """All findings in the modules of a package, as lines `path: what is wrong`."""
    modules = [(path.relative_to(package), ast.parse(path.read_text())) for path in sorted(package.rglob("*.py"))]
    found = [*_repeated_modules(modules), *_repeated_classes(modules)]
    for path, tree in modules:
        lines = len((package / path).read_text().splitlines())
        if lines > MAX_FILE_LINES:
            found.append(f"{path}: {lines} lines, at most {MAX_FILE_LINES}")
        found.extend(f"{path}:{line}" for line in _large_functions(path, tree))
    return found


def _repeated_modules(modules: list[Module]) -> Iterator[str]:
    places = defaultdict(list)
    for path, _ in modules:
        if path.stem not in {"__init__", "__main__"}:
            places[path.stem].append(path)
    for name, paths in places.items():
        if len(paths) > 1:
            yield f"{paths[0]}: the module name {name!r} is also used by {', '.join(map(str, paths[1:]))}"


def _repeated_classes(modules: list[Module]) -> Iterator[str]:
    places = defaultdict(list)
    for path, tree in modules:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{path}:{node.lineno}")
    for name, where in places.items():
        if len(where) > 1:
            yield f"{where[0]}: the class name {name!r} is also used at {', '.join(where[1:])}"


def _large_functions(path: Path, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, Function):
            continue
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > MAX_FUNCTION_LINES:
            yield f"{node.lineno}: {node.name} has {lines} lines, at most {MAX_FUNCTION_LINES}"
        parameters = len(node.args.posonlyargs) + len(node.args.args) + len(node.args.kwonlyargs)
        if parameters > MAX_PARAMETERS and path.parts[0] != UNLIMITED_PARAMETERS:
            yield f"{node.lineno}: {node.name} has {parameters} parameters, at most {MAX_PARAMETERS}"


def main() -> None:
    """Print the findings; exit code 1 when there are any, unless they are only to be reported."""
    found = findings(PACKAGE)
    for line in found:
        print(f"src/inkdigits/{line}")
    sys.exit(1 if found and "--report" not in sys.argv else 0)


if __name__ == "__main__":
    main()
