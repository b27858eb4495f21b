"""A person's data in and out: the native CSV files, and the export of everything."""
