"""The exercise's network in plain PyTorch: with a DataLoader as tutorials write it, or preloaded and channels-last.

Prints until_good.py's line.

    python plain_torch.py NETWORK loader|preloaded MNIST.NPZ TARGET STARTED
"""

import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from until_good import BATCH_SIZE, until_good


def build(network):
    """The untrained network."""
    if network == "dense":
        hidden = [nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)]
    else:
        hidden = [
            nn.Conv2d(1, 32, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(1024, 1024),
            nn.ReLU(),
            nn.Linear(1024, 10),
        ]
    return nn.Sequential(*hidden)


def shuffled(images, labels):
    """The batches of an epoch, in an order of their own."""
    order = torch.randperm(len(images))
    for rows in order.split(BATCH_SIZE):
        yield images[rows].contiguous(memory_format=torch.channels_last), labels[rows]


def train(model, batches, optimizer):
    """One epoch."""
    model.train()
    for images, labels in batches:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()


def accuracy(model, images, labels):
    """The share of `images` that `model` is right on."""
    model.eval()
    with torch.inference_mode():
        parts = zip(images.split(1000), labels.split(1000), strict=True)
        return sum((model(x).argmax(1) == y).sum().item() for x, y in parts) / len(labels)


def main():
    """Train it as the command line says."""
    network, form, path, target, started = sys.argv[1:]
    with np.load(path) as data:
        x_train, x_test = (torch.from_numpy(data[n].astype(np.float32)[:, None] / 255) for n in ("x_train", "x_test"))
        y_train, y_test = (torch.from_numpy(data[n].astype(np.int64)) for n in ("y_train", "y_test"))
    model = build(network)
    if form == "preloaded":
        model = model.to(memory_format=torch.channels_last)
    loader = DataLoader(TensorDataset(x_train, y_train), batch_size=BATCH_SIZE, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    until_good(
        lambda: train(model, loader if form == "loader" else shuffled(x_train, y_train), optimizer),
        lambda: accuracy(model, x_test, y_test),
        target,
        started,
        len(x_train),
    )


if __name__ == "__main__":
    main()
