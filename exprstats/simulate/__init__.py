"""The tables that travel, with known truth."""
