"""Decoding and encoding pictures: a file, bytes, an array or a PIL image in, upright 8-bit pixels out."""
