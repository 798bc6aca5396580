"""Denoising Diffusion Probabilistic Models (Ho, Jain, Abbeel, 2020), in the paper's letters.

Free functions over one frozen `Schedule`. `t` is the paper's t, an int64 tensor of shape (B,) with
values 1..T; images are (B, C, H, W) in [-1, 1]; a *model* is any callable `model(xt, t)` that returns
an estimate of epsilon shaped like `xt`. Page numbers are those of arXiv:2006.11239v2. "The released
code" is the authors' TensorFlow code, github.com/hojonathanho/diffusion, commit 1e0dceb.

To read it in the paper's order: schedule, forward, reverse, losses, likelihood, sampling; then
parameterizations and unet (what the network predicts), training, oracle (the perfect network).
"""
