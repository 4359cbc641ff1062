"""Training: recipes, engines, the epoch loop, and the run's folder with its results."""
