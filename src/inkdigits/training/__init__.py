"""Training: recipes, the loop, and the run's folder that holds what came of it."""
