"""A random latent-diffusion pipeline in the real format, small enough for tests."""

import json

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

WORDS = ('a', 'red', 'blue', 'circle', 'square', 'photo', 'of')


def tiny_pipeline(folder, side=8, seed=0, latent_channels=4, **scheduler):
    """Save a pipeline with latents of 4 x side x side and pictures of twice that side."""
    torch.manual_seed(seed)
    tokenizer = _tokenizer()
    text = CLIPTextModel(CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=1,
        num_attention_heads=2, max_position_embeddings=16, projection_dim=16,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id))
    unet = UNet2DConditionModel(
        sample_size=side, in_channels=4, out_channels=4, block_out_channels=(16, 16),
        layers_per_block=1, norm_num_groups=4, cross_attention_dim=16, attention_head_dim=4,
        down_block_types=('DownBlock2D', 'CrossAttnDownBlock2D'),
        up_block_types=('CrossAttnUpBlock2D', 'UpBlock2D'))
    vae = AutoencoderKL(
        sample_size=2 * side, block_out_channels=(8, 8), layers_per_block=1, norm_num_groups=4,
        down_block_types=('DownEncoderBlock2D',) * 2, up_block_types=('UpDecoderBlock2D',) * 2,
        latent_channels=latent_channels, scaling_factor=0.5)
    schedule = DDIMScheduler(**{
        'beta_start': 0.00085, 'beta_end': 0.012, 'beta_schedule': 'scaled_linear',
        'clip_sample': False, 'set_alpha_to_one': False, 'steps_offset': 1, **scheduler})
    StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=tokenizer, unet=unet, scheduler=schedule,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def _tokenizer():
    """Return a CLIP tokenizer that knows a few words and all letters."""
    letters = [chr(code) for code in range(ord('a'), ord('z') + 1)]
    tokens = [*letters, *(f'{letter}</w>' for letter in letters)]
    merges = []
    for word in WORDS:
        parts = [*word[:-1], f'{word[-1]}</w>']
        while len(parts) > 1:
            merges.append((parts[0], parts[1]))
            parts[:2] = [parts[0] + parts[1]]
            tokens.append(parts[0])
    tokens += ['<|startoftext|>', '<|endoftext|>']
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    return CLIPTokenizer(vocab=vocabulary, merges=list(dict.fromkeys(merges)),
                         model_max_length=16)


def as_saved_by_others(folder):
    """Give a pipeline the scheduler of Stable Diffusion v1.5, and no checker: null in the index."""
    scheduler = folder / 'scheduler/scheduler_config.json'
    kept = json.loads(scheduler.read_text())
    scheduler.write_text(json.dumps({
        **{name: kept[name] for name in ('beta_start', 'beta_end', 'beta_schedule',
                                         'num_train_timesteps', 'set_alpha_to_one')},
        '_class_name': 'PNDMScheduler', '_diffusers_version': '0.6.0', 'skip_prk_steps': True,
        'steps_offset': 1, 'trained_betas': None, 'clip_sample': False}))
    index = json.loads((folder / 'model_index.json').read_text())
    index |= {'scheduler': ['diffusers', 'PNDMScheduler'], 'safety_checker': [None, None],
              'feature_extractor': [None, None]}
    (folder / 'model_index.json').write_text(json.dumps(index))
    return folder
