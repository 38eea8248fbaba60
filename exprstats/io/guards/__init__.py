"""Guards before estimation, of files that are read and of tables that verbs are given."""
