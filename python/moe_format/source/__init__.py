"""SPEC.md §10: what only export and inspection read."""
