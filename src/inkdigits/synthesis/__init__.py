"""Pictures that we make: glyphs drawn from fonts, things that are no digits, and what goes wrong with pictures."""
