"""A trained Keras network as ONNX: its layers translated to operators, made smaller, and written."""
