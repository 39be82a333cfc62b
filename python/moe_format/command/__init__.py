"""`python -m moe_format`."""
