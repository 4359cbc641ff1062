"""Read handwritten digits in any picture: values, boxes and probabilities."""
