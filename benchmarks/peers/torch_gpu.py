"""The exercise's cnn in PyTorch as fast as a GPU takes it: all digits on the device, channels last, bfloat16.

On CUDA a step, and a batch that is classified, is recorded once as a CUDA graph and replayed; elsewhere they are called
as they are. Prints until_good.py's line, or with `classify` pictures a second, one JSON line.

    python torch_gpu.py cnn train|classify MNIST.NPZ TARGET STARTED
"""

import json
import sys
import time

import numpy as np
import torch
from plain_torch import build
from torch import nn
from until_good import BATCH_SIZE, until_good

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
CLASSIFIED = 100_000 if DEVICE == "cuda" else 2_000


def recorded(work):
    """`work` as a CUDA graph, after three calls that warm it up; on a CPU `work` itself."""
    if DEVICE == "cpu":
        return work
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


def on_device(path):
    """The digits, float32 (n, 1, 28, 28) channels last and int64 (n,), of training and test."""
    arrays = []
    with np.load(path) as data:
        for part in ("train", "test"):
            images = torch.from_numpy(data[f"x_{part}"].astype(np.float32)[:, None] / 255)
            arrays.append(images.to(DEVICE).contiguous(memory_format=torch.channels_last))
            arrays.append(torch.from_numpy(data[f"y_{part}"].astype(np.int64)).to(DEVICE))
    return arrays


def forward(model, images):
    """Logits, in bfloat16 where that loses nothing that matters."""
    with torch.autocast(DEVICE, torch.bfloat16):
        return model(images)


def step_of(model, optimizer, images, labels):
    """What takes a step on the batch that lies in `images` and `labels`."""

    def step():
        optimizer.zero_grad(set_to_none=False)
        nn.functional.cross_entropy(forward(model, images).float(), labels).backward()
        optimizer.step()

    return step


def main():
    """Train or classify as the command line says."""
    _, mode, path, target, started = sys.argv[1:]
    x_train, y_train, x_test, y_test = on_device(path)
    model = build("cnn").to(DEVICE, memory_format=torch.channels_last)
    images, labels = x_train[:BATCH_SIZE].clone(), y_train[:BATCH_SIZE].clone()
    if mode == "classify":
        classify(model, images)
        return
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, capturable=DEVICE == "cuda")
    step = recorded(step_of(model, optimizer, images, labels))

    def train_epoch():
        order = torch.randperm(len(x_train), device=DEVICE)
        for rows in order[: len(order) // BATCH_SIZE * BATCH_SIZE].split(BATCH_SIZE):
            images.copy_(x_train[rows])
            labels.copy_(y_train[rows])
            step()
        if DEVICE == "cuda":
            torch.cuda.synchronize()

    def test_accuracy():
        with torch.no_grad():
            return sum(
                (forward(model, x).argmax(1) == y).sum().item()
                for x, y in zip(x_test.split(1000), y_test.split(1000), strict=True)
            ) / len(y_test)

    until_good(train_epoch, test_accuracy, target, started, len(x_train))


def classify(model, images):
    """Print pictures a second in batches that come from the computer's memory."""
    pictures = images.cpu().pin_memory() if DEVICE == "cuda" else images.clone()
    with torch.no_grad():
        answers = forward(model, images)
        run = recorded(lambda: answers.copy_(forward(model, images)))
        batches = max(1, CLASSIFIED // BATCH_SIZE)
        began = time.perf_counter()
        for _ in range(batches):
            images.copy_(pictures, non_blocking=True)
            run()
            answers.float().cpu()
    print(json.dumps({"pictures_a_second": batches * BATCH_SIZE / (time.perf_counter() - began), "device": DEVICE}))


if __name__ == "__main__":
    main()
