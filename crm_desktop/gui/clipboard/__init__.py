"""Copying, pasting, filling, and finding and replacing in the cells of a list."""
