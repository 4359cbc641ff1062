"""Synthesized pages of writing, with what of them is a digit: what the finder is trained on."""
