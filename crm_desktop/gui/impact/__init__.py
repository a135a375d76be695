"""What depends on something, shown as a tree before it is deleted, or just to know."""
