"""From ratings to intraclass correlations with intervals that hold."""
