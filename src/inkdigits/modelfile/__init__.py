"""Trained networks as files, and classifiers with `predict_proba`."""
