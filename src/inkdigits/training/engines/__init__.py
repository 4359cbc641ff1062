"""Engines: what runs the steps of a training. `engine_registry` lists them."""
