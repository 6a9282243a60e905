"""Fine-tune a diffusion model by what a person says of its pictures (dissertation 2.2)."""
