"""Files to checked tables, and tables to files."""
