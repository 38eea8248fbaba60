"""From item ratings to a latent score."""
