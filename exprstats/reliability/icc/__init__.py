"""Intraclass correlations: estimands, mean squares, components and intervals."""
