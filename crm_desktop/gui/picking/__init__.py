"""Picking records: the dialog in which they are searched, and what several of its kind share."""
