"""The network and the sampler beside those of Hugging Face diffusers, with the same weights and the same noise."""

import json

import pytest
import torch

from ddpm_notes.diffusers_layout import load_diffusers
from ddpm_notes.forward import forward_process
from ddpm_notes.sampling import ddim, sample_steps
from ddpm_notes.schedule import linear_schedule, strided
from ddpm_notes.unet import CIFAR10, count_parameters

diffusers = pytest.importorskip("diffusers")

GOOGLE_DDPM_CIFAR10_32 = {
    "sample_size": 32,
    "in_channels": 3,
    "out_channels": 3,
    "center_input_sample": False,
    "time_embedding_type": "positional",
    "freq_shift": 1,
    "flip_sin_to_cos": False,
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
    "block_out_channels": [128, 256, 256, 256],
    "layers_per_block": 2,
    "mid_block_scale_factor": 1,
    "downsample_padding": 0,
    "act_fn": "silu",
    "attention_head_dim": None,
    "norm_num_groups": 32,
    "norm_eps": 1e-6,
}
SMALL = {
    **GOOGLE_DDPM_CIFAR10_32,
    "sample_size": 16,
    "block_out_channels": [32, 64, 64, 64],
    "in_channels": 1,
    "out_channels": 1,
    "norm_num_groups": 8,
}


def saved(settings, folder):
    torch.manual_seed(0)
    model = diffusers.UNet2DModel(**settings).eval()
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize(
    "settings",
    [GOOGLE_DDPM_CIFAR10_32, SMALL, SMALL | {"sample_size": (16, 24)}],
    ids=["google/ddpm-cifar10-32", "small", "not square"],
)
def test_the_same_weights_give_the_same_output(settings, tmp_path, generator):
    theirs = saved(settings, tmp_path)
    ours = load_diffusers(tmp_path).model
    x, t = torch.randn(2, *ours.net.config.shape, generator=generator), torch.tensor([1, 613])
    with torch.inference_mode():
        expected = theirs(x, t - 1).sample
        error = (ours(x, t) - expected).norm() / expected.norm()
    assert expected.std() > 1e-3 and error < 1e-5
    if settings is GOOGLE_DDPM_CIFAR10_32:
        assert ours.net.config.size == 32
        assert count_parameters(theirs) == 35_746_307 and ours.net.config.multipliers == CIFAR10.multipliers


def test_the_old_names_of_published_files_are_read_too(tmp_path):
    import safetensors.torch

    saved(SMALL, tmp_path)
    path = tmp_path / "diffusion_pytorch_model.safetensors"
    new, old = load_diffusers(tmp_path).model, {}
    for name, tensor in safetensors.torch.load(path.read_bytes()).items():
        for modern, former in (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")):
            name = name.replace(modern, former)
        old[name] = tensor
    assert any("proj_attn" in name for name in old)
    safetensors.torch.save_file(old, path)
    x, t = torch.ones(1, 1, 16, 16), torch.tensor([5])
    assert torch.equal(load_diffusers(tmp_path).model(x, t), new(x, t))


def a_model(xt, t):
    """Any smooth function of x_t and t stands for the network: the samplers must agree for all of them."""
    return 0.6 * xt + 0.3 * torch.sin(xt * 3 + t.view(-1, 1, 1, 1) / 100)


@pytest.mark.parametrize("theirs, ours", [("fixed_large", "beta"), ("fixed_small", "beta_tilde")])
def test_the_clipped_sampler_follows_diffusers_over_the_whole_chain(theirs, ours, generator):
    peer = diffusers.DDPMScheduler(
        num_train_timesteps=1000, beta_schedule="linear", variance_type=theirs, clip_sample=True
    )
    xT = torch.randn(3, 1, 8, 8, generator=generator)
    noises = {t: torch.randn(xT.shape, generator=torch.Generator().manual_seed(t)) for t in range(1, 1001)}
    chain = sample_steps(a_model, xT, linear_schedule(), variance=ours, clip_x0=True, noises=noises.get)
    x = xT
    for step in chain:
        assert (step.x - x).abs().max() < 1e-4, step.t
        if step.t:
            eps = a_model(x, torch.full((3,), step.t))
            x = peer.step(eps, step.t - 1, x, generator=torch.Generator().manual_seed(step.t)).prev_sample
    assert step.t == 0 and x.std() > 0.1


@pytest.mark.parametrize("eta, clip", [(0.0, False), (0.5, False), (0.0, True), (1.0, True)])
def test_ddim_follows_diffusers_over_50_of_the_1000_steps(eta, clip, generator):
    peer = diffusers.DDIMScheduler(
        num_train_timesteps=1000, beta_schedule="linear", clip_sample=clip, timestep_spacing="trailing"
    )
    peer.set_timesteps(50)
    xT = torch.randn(3, 1, 8, 8, generator=generator)
    x, noise = xT, torch.Generator().manual_seed(5)
    for t in peer.timesteps:
        eps = a_model(x, torch.full((3,), int(t) + 1))
        x = peer.step(eps, t, x, eta=eta, use_clipped_model_output=clip, generator=noise).prev_sample
    ours = ddim(a_model, xT.shape, strided(linear_schedule(), 50), eta, clip, xT, torch.Generator().manual_seed(5))
    assert x.std() > 0.1 and (ours - x).abs().max() < 1e-4 * x.abs().max()


def test_diffusers_adds_the_same_noise(generator):
    peer = diffusers.DDPMScheduler(num_train_timesteps=1000, beta_schedule="linear")
    x0, noise = torch.randn(2, 4, 1, 8, 8, generator=generator)
    t = torch.tensor([1, 2, 500, 1000])
    expected = peer.add_noise(x0, noise, t - 1)
    torch.testing.assert_close(forward_process(x0, t, linear_schedule(), noise), expected, atol=1e-5, rtol=0)


def test_another_architecture_and_a_broken_folder_are_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no model saved by diffusers"):
        load_diffusers(tmp_path)
    saved(SMALL, tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "freq_shift": 0}))
    with pytest.raises(ValueError, match="freq_shift=1"):
        load_diffusers(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({**config, "block_out_channels": [32, 32, 64, 64]}))
    with pytest.raises(ValueError, match="do not fit"):
        load_diffusers(tmp_path)
