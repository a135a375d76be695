"""Editing in place: what stands between a grid, the editors of values and the records."""
