"""One network a file, each a function from an input shape to a Keras model, and a registry that finds them by name."""
