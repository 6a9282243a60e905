"""The nodes: thin wrappers, one per file."""
