"""On one GPU: engine `jax` and stock recipes against stock Keras and plain PyTorch. Never measured on a GPU yet.

The exercise's cnn, Adam at 1e-3, at several batch sizes. Every turn is a process of its own, and all take turns:

    inkdigits, engine jax       the whole training compiled, digits on the device
    inkdigits, engine keras     recipe `standard` on JAX
    Keras on B                  stock `fit`, on every backend with an environment (peers/keras_fit.py)
    torch                       on the device, channels last, bfloat16, CUDA graphs (peers/torch_gpu.py)

For each target (98.5 and 99 %) a turn ends after the first epoch over it, or after 8. A peer's is of the test set, and
its evaluating is not counted; ours is of the validation digits, and counted. `whole` is seconds from the start of the
process to the end of that epoch; `steady` microseconds a picture in its last epoch. Classifying is pictures a second,
from the computer's memory and back, after a first batch that is not counted: Keras on JAX, torch as above, and the
model file in ONNX Runtime on the CPU.

    python benchmarks/gpu.py [--rounds 5] [--batch-sizes 128,512,2048] [--targets 0.985,0.99] [--pictures 60000]
        [--only TEXT]

On a computer without a GPU it says so and measures its CPU; `--pictures 1000 --targets 0.5 --batch-sizes 128
--rounds 1` takes minutes there. Prints, one line each, medians with their range, fields separated by tabs:

    device  gpu NVIDIA H200                        (or: device  cpu, NO GPU: figures of this CPU)
    train   ARM  BATCH  TARGET  whole SECONDS (LOW to HIGH)  steady US (LOW to HIGH)  epochs N  reached R/ROUNDS
    classify  ARM  BATCH  PICTURES_A_SECOND (LOW to HIGH)

Exit code 1 when a turn failed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from inkdigits.datasets.mnist import load_data

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "benchmarks" / "peers"
PYTHON = {
    "jax": ROOT / ".venv" / "bin" / "python",
    "tensorflow": ROOT / ".venv-tensorflow" / "bin" / "python",
    "torch": ROOT / ".venv-torch" / "bin" / "python",
}

_TRAIN = """
import json, sys, time
import inkdigits
from inkdigits.training.train import TrainOptions

engine, batch_size, data, target, started = sys.argv[1:]
ended = []
def on_epoch(record):
    ended.append((time.time(), record))
    return record.val_accuracy <= float(target)
inkdigits.train(
    "cnn", data=data, backend=inkdigits.Backend("jax"), out=f"run-{started}", options=TrainOptions(on_epoch=on_epoch),
    hyperparameters={"engine": engine, "optimizer": "adam", "learning_rate": 1e-3, "patience": 0, "epochs": 8,
                     "batch_size": int(batch_size)})
seconds, last = ended[-1]
import numpy as np
pictures = 0.9 * len(np.load(data)["x_train"])
print(json.dumps({"seconds": seconds - float(started), "epochs": last.epoch, "accuracy": last.val_accuracy,
                  "reached": last.val_accuracy > float(target), "step": last.seconds / (pictures / int(batch_size))}))
"""

_CLASSIFY = """
import json, sys, time
import numpy as np

kind, batch_size, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
if kind == "keras":
    import inkdigits.training.backend as backend
    backend.start_keras(backend.Backend("jax"))
    from inkdigits.modelfile.keras_classifier import KerasClassifier
    from inkdigits.networks.registry import build_network
    classifier = KerasClassifier(build_network("cnn"), batch_size)
else:
    from inkdigits.modelfile.predictor import Predictor
    classifier = Predictor.load("cnn")
images = np.resize(np.load(path)["x_train"], (max(batch_size, 10_000), 28, 28))
images = images[: len(images) // batch_size * batch_size]
classifier.predict_proba(images[:batch_size])
began = time.perf_counter()
classifier.predict_proba(images)
print(json.dumps({"pictures_a_second": len(images) / (time.perf_counter() - began)}))
"""

_DEVICE = """
import jax
device = jax.devices()[0]
print("cpu, NO GPU: figures of this CPU" if device.platform == "cpu" else f"{device.platform} {device.device_kind}")
"""


@dataclass
class Arm:
    """What takes turns: a command, after which come the data, the target and when it started; and what it printed."""

    name: str
    batch_size: int
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    turns: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))


def main() -> None:
    """Let everybody take turns, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-sizes", default="128,512,2048")
    parser.add_argument("--targets", default="0.985,0.99")
    parser.add_argument("--pictures", type=int, default=60_000)
    parser.add_argument("--only", default="", metavar="TEXT", help="those whose names contain this")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.batch_sizes.split(",")]
    training = [arm for size in sizes for arm in _training_arms(size) if arguments.only in arm.name]
    classifying = [arm for size in sizes for arm in _classifying_arms(size) if arguments.only in arm.name]
    device = subprocess.run([sys.executable, "-c", _DEVICE], capture_output=True, text=True, check=True).stdout
    print(f"device\t{device.strip()}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_mnist(folder / "mnist.npz", arguments.pictures)
        for _ in range(arguments.rounds):
            for target in arguments.targets.split(","):
                for arm in training:
                    _take_turn(arm, target, folder)
            for arm in classifying:
                _take_turn(arm, "0", folder)
    targets = arguments.targets.split(",")
    whole = [_print_training(arm, target, arguments.rounds) for arm in training for target in targets]
    whole += [_print_classifying(arm, arguments.rounds) for arm in classifying]
    sys.exit(0 if all(whole) else 1)


def _training_arms(size: int) -> list[Arm]:
    arms = [
        Arm(f"inkdigits, engine {engine}", size, [sys.executable, "-c", _TRAIN, engine, str(size)])
        for engine in ("jax", "keras")
    ]
    for backend, python in PYTHON.items():
        if python.exists():
            command = [str(python), str(PEERS / "keras_fit.py"), "cnn", "adam"]
            arms.append(Arm(f"Keras on {backend}", size, command, {"KERAS_BACKEND": backend}))
    return [*arms, *_torch(size, "train")]


def _classifying_arms(size: int) -> list[Arm]:
    names = {"keras": "Keras on jax", "onnx": "model file, CPU"}
    ours = [Arm(name, size, [sys.executable, "-c", _CLASSIFY, kind, str(size)]) for kind, name in names.items()]
    return [*ours, *_torch(size, "classify")]


def _torch(size: int, mode: str) -> list[Arm]:
    python = PYTHON["torch"]
    return [Arm("torch", size, [str(python), str(PEERS / "torch_gpu.py"), "cnn", mode])] if python.exists() else []


def _write_mnist(path: Path, pictures: int) -> None:
    (x_train, y_train), (x_test, y_test) = load_data()
    np.savez(path, x_train=x_train[:pictures], y_train=y_train[:pictures], x_test=x_test, y_test=y_test)


def _take_turn(arm: Arm, target: str, folder: Path) -> None:
    environment = {**os.environ, "BATCH_SIZE": str(arm.batch_size), "TF_CPP_MIN_LOG_LEVEL": "3", **arm.environment}
    environment |= {"XLA_PYTHON_CLIENT_PREALLOCATE": "false", "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    command = [*arm.command, str(folder / "mnist.npz"), target, str(time.time())]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{arm.name}, {arm.batch_size}: failed with {done.returncode}\n{done.stderr[-2000:]}", file=sys.stderr)
        return
    arm.turns[target].append(json.loads(done.stdout.splitlines()[-1]))


def _print_training(arm: Arm, target: str, rounds: int) -> bool:
    """Print a line; whether every turn gave a result."""
    turns = arm.turns[target]
    if not turns:
        return False
    whole = _spread([turn["seconds"] for turn in turns], ".1f")
    steady = _spread([1e6 * turn["step"] / arm.batch_size for turn in turns], ".2f")
    epochs = statistics.median(turn["epochs"] for turn in turns)
    reached = sum(turn["reached"] for turn in turns)
    print(
        f"train\t{arm.name}\t{arm.batch_size}\t{target}\twhole {whole}\tsteady {steady}\tepochs {epochs:g}\t"
        f"reached {reached}/{rounds}"
    )
    return len(turns) == rounds


def _print_classifying(arm: Arm, rounds: int) -> bool:
    """Print a line; whether every turn gave a result."""
    turns = arm.turns["0"]
    if turns:
        rates = _spread([turn["pictures_a_second"] for turn in turns], ",.0f")
        print(f"classify\t{arm.name}\t{arm.batch_size}\t{rates}")
    return len(turns) == rounds


def _spread(values: list[float], form: str) -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


if __name__ == "__main__":
    main()
