"""Split the latent of a trained generator into content and attribute (dissertation 2.1)."""
