"""A small text-to-image latent-diffusion model that trains on two cores."""
