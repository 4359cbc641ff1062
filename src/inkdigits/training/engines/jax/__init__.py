"""Trains any Keras model as one compiled program an epoch, on JAX."""
