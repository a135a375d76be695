"""Filtering a list: the chips above it, the builder, and a column's values to tick."""
