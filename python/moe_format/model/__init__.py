"""SPEC.md §9: the model description."""
