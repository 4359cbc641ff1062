"""Reading and classifying over HTTP, and a page to draw on. Nothing here imports Keras."""
