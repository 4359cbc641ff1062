"""Write the package for npm into a folder, ready for `npm ci`, `npx tsc` and `npm pack` there.

    python tools/npm_package.py FOLDER

What npm and tsc have put into the folder stays.
"""

from __future__ import annotations

import sys
from pathlib import Path

from inkdigits.browser.reader_files import NPM, reader_files

_ROOT = Path(__file__).parent.parent


def main() -> None:
    """Write the files."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    described = {path.name: path.read_bytes() for path in NPM.iterdir()}
    legal = {name: (_ROOT / name).read_bytes() for name in ("LICENSE", "NOTICE")}
    for name, content in {**reader_files(), **described, **legal}.items():
        (folder / name).write_bytes(content)
    print(f"{folder}: run npm ci, npx tsc and npm pack there")


if __name__ == "__main__":
    main()
