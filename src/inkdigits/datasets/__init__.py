"""Labelled digits: the MNIST that the package carries, and everything a user may bring instead."""
