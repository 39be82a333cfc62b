"""The directory: sections of fixed-stride records, checked page by page as they are used."""
