"""SPEC.md §13: models that span several files."""
