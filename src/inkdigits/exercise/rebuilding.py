"""Rebuilds a network from its saved form and lets it read pictures, in a process that holds none of a notebook's code.

`python -m inkdigits.exercise.rebuilding FOLDER` reads `FOLDER/request.json`, a list of `{"saved", "pictures",
"answers"}`, and writes the answers of each network that Keras can load in its safe mode. What cannot be loaded, such as
a model of the student's own class, is left out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

__all__ = ["main"]


def main(folder: Path) -> None:
    """Answer the request in `folder`."""
    import keras

    for wanted in json.loads((folder / "request.json").read_text("utf-8")):
        try:
            model = keras.saving.load_model(folder / wanted["saved"], compile=False, safe_mode=True)
            pictures = np.load(folder / wanted["pictures"], allow_pickle=False)
            answers = np.asarray(model.predict(pictures, batch_size=256, verbose=0), np.float32)
        except Exception as error:
            sys.stderr.write(f"{wanted['saved']}: {type(error).__name__}: {error}\n")
            continue
        np.save(folder / wanted["answers"], answers, allow_pickle=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
