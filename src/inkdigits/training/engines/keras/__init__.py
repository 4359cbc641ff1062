"""Trains any Keras model with the chosen Keras backend."""
