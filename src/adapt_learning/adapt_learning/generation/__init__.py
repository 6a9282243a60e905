"""Pretrained generators that adapt: HERO, dec-GAN, and a small model to do it with offline."""
