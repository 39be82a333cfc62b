"""Header, footer and section table: what is read before anything else."""
