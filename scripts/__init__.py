"""What the Makefile calls beside the program and its tests."""
