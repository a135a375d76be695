"""The editor of layouts: the library, the layout as a tree, and a preview of the form."""
