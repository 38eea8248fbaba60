"""The one-factor model: items, estimates, checks, bootstrap and storage."""
