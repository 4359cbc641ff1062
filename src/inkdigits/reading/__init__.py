"""Read the digits that people wrote: from any picture to values, boxes and how sure they are."""
