"""Trained networks as files, and whatever answers `predict_proba`."""
