"""What the tasks and the other cells of the exercise are called on pages for people."""

from __future__ import annotations

__all__ = ["PART_TITLES", "task_of", "title_of"]

PART_TITLES = {"prepare": "Data and scores", "dense": "Part 1: fully connected", "cnn": "Part 2: convolutional"}

_TITLES = {
    "setup": "Getting ready",
    "load": "Load the data",
    "pictures": "Look at the data",
    "counts": "Count the digits",
    "shape": "Give the pictures their channel",
    "scale": "Scale the pictures",
    "onehot": "One-hot labels",
    "scores": "Write the three scores",
    "activations": "Softmax and sigmoid",
    "wrong": "Something is wrong here",
    "explain": "Explain the two mistakes",
    "correct": "Correct the two mistakes",
    "flatten": "Flatten a picture",
    "dense-model": "Build the fully connected network",
    "dense-train": "Train the fully connected network",
    "dense-curves": "Learning curves",
    "dense-test": "Test the fully connected network",
    "overfitting": "How to prevent overfitting",
    "cnn-model": "Build the convolutional network",
    "cnn-train": "Train the convolutional network",
    "cnn-test": "Test the convolutional network",
    "compare": "Compare the two networks",
    "conclude": "Say what the comparison shows",
    "mistakes": "The remaining mistakes",
}


def task_of(cell: str) -> str:
    """The task that a check follows; a cell that is no check is its own task."""
    return cell.removeprefix("check-")


def title_of(cell: str) -> str:
    """The title of a task or its check; the id of a cell that the student added."""
    return _TITLES.get(task_of(cell), cell)
