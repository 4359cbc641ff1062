"""Training of the finder, the network that says what in a picture is ink of digits: `python -m tools.finder`."""
