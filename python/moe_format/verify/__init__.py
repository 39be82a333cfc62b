"""The pass over the whole file: the verify rules, and every use rule for everything there is."""
