"""The average of the weights of trainings as a finder: `python -m tools.finder.average OUT.onnx A.pt A.pt B.pt`.

Weights that are named twice count twice. Trainings that continue one another are averaged well (Izmailov et al. 2018,
"Averaging weights leads to wider optima and better generalization").
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from tools.finder.export import to_onnx
from tools.finder.network import Finder


def main() -> None:
    """Average the weights, write the ONNX file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("weights", type=Path, nargs="+")
    options = parser.parse_args()
    every = [torch.load(path, weights_only=True) for path in options.weights]
    finder = Finder()
    finder.load_state_dict(
        {
            name: (sum(weights[name].float() for weights in every) / len(every)).to(value.dtype)
            for name, value in every[0].items()
        }
    )
    finder.eval()
    options.out.write_bytes(to_onnx(finder, {"averaged": str(len(every))}))


if __name__ == "__main__":
    main()
