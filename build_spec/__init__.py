"""What the packages are made of: the frozen program, and what each system puts around it."""
