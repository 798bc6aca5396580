"""Denoising Diffusion Probabilistic Models (Ho, Jain, Abbeel, 2020), in the paper's letters.

Free functions over one frozen `Schedule`. `t` is the paper's t, an int64 tensor of shape (B,) with
values 1..T; images are (B, C, H, W) in [-1, 1]; a *model* is any callable `model(xt, t)` that returns
an estimate of epsilon shaped like `xt`. Page numbers are those of arXiv:2006.11239v2. "The released
code" is the authors' TensorFlow code, github.com/hojonathanho/diffusion, commit 1e0dceb.

A session in a notebook, two minutes on one core:

    from ddpm_notes import DIGITS, TrainingConfig, UNet, linear_schedule, load, picture, sample, train
    digits, schedule = load("digits"), linear_schedule()
    config = TrainingConfig(steps=500, batch=64, learning_rate=1e-3, warmup=100, ema=0.99)
    trained = train(UNet(DIGITS), digits, schedule, config)
    picture(sample(trained.model, (16, 1, 8, 8), schedule, clip_x0=True))

To read it in the paper's order: schedule, forward, reverse, losses, likelihood, sampling; then
parameterizations and unet (what the network predicts), training, oracle (the perfect network).
What a notebook needs of them comes from the package itself, as in `from ddpm_notes import sample`.
"""

from ddpm_notes.checkpoints import load_checkpoint, save_checkpoint
from ddpm_notes.data import Images, load
from ddpm_notes.diffusers_layout import load_diffusers, save_diffusers
from ddpm_notes.engines import choose_engine, engine
from ddpm_notes.files import read_tensors
from ddpm_notes.forward import draw_noise, forward_posterior, forward_process, forward_step
from ddpm_notes.image_noise import ImageNoise
from ddpm_notes.likelihood import Bound, mean_and_error, prior_kl, rate_distortion, variational_bound
from ddpm_notes.losses import (
    NATS_PER_BIT,
    bound_term,
    bound_weight,
    discretized_log_likelihood,
    draw_t,
    error_weight,
    gaussian_kl,
    per_dimension,
    simple_loss,
)
from ddpm_notes.onnx_graph import save_onnx
from ddpm_notes.oracle import EmpiricalDenoiser, GaussianMixtureDenoiser
from ddpm_notes.own_data import load_own
from ddpm_notes.parameterizations import Parameterized, eps_from_mean
from ddpm_notes.pictures import picture
from ddpm_notes.reverse import predict_eps, predict_mean, predict_x0, reverse_moments, reverse_process, reverse_variance
from ddpm_notes.sampling import ddim, mix, sample, sample_from, sample_steps
from ddpm_notes.schedule import (
    Schedule,
    constant_schedule,
    linear_schedule,
    quadratic_schedule,
    rescaled_linear_schedule,
    strided,
)
from ddpm_notes.training import train, training_step
from ddpm_notes.training_run import TrainingConfig
from ddpm_notes.unet import CIFAR10, DIGITS, FASHION, LSUN256, UNet, UNetConfig, count_parameters
