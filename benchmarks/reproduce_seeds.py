"""Claim: `inkdigits reproduce` meets all its targets whatever the seed.

Trains and evaluates both networks for every seed, each in a process of its own, keeps every result in a folder
(rerunning resumes it) and prints the distribution.

    python benchmarks/reproduce_seeds.py --seeds 20 --keep FOLDER
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="seeds 0 … n-1")
    parser.add_argument("--keep", type=Path, required=True, help="folder for the results")
    arguments = parser.parse_args()
    results = [_result(arguments.keep, seed) for seed in range(arguments.seeds)]
    _print_table(results)
    if not all(check["met"] for result in results for check in result["checks"]):
        sys.exit(1)


def _result(folder: Path, seed: int) -> dict[str, Any]:
    path = folder / f"seed-{seed:03d}"
    if not (path / "reproduce.json").exists():
        if path.exists():
            path.rename(folder / f"abandoned-{path.name}-{len(list(folder.iterdir()))}")
        command = [sys.executable, "-m", "inkdigits", "reproduce", "--seed", str(seed), "--out", str(path), "--quiet"]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # 1 tells of a target, which is counted below
    result: dict[str, Any] = json.loads((path / "reproduce.json").read_text())
    return result


def _print_table(results: list[dict[str, Any]]) -> None:
    print(
        f"recipe {results[0]['recipe']}, {results[0]['backend']}, {results[0]['cores']} cores, n = {len(results)} seeds"
    )
    for position, network in enumerate(("dense", "cnn")):
        rows = [result["networks"][position] for result in results]
        accuracies = [100 * row["accuracy"] for row in rows]
        losses = [row["log_loss"] for row in rows]
        print(
            f"{network}: accuracy mean {statistics.mean(accuracies):.3f} %, standard deviation "
            f"{statistics.stdev(accuracies):.3f}, lowest {min(accuracies):.2f}, highest {max(accuracies):.2f}; "
            f"log loss mean {statistics.mean(losses):.4f}"
        )
    p_values = [result["comparison"]["p_value"] for result in results]
    print(f"cnn against dense: largest McNemar p {max(p_values):.2g}")
    met = sum(all(check["met"] for check in result["checks"]) for result in results)
    print(f"all targets met: {met} of {len(results)} seeds")


if __name__ == "__main__":
    main()
