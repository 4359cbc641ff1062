"""The one door for pictures: bytes of any kind in, upright 8-bit pixels out."""
