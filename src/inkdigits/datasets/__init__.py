"""Labelled digits: the bundled MNIST, and the formats that users bring."""
