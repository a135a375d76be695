"""Saved views of a list: which is shown, what was changed in it, and its columns."""
