"""The network and the sampler beside those of Hugging Face diffusers, with the same weights and the same noise."""

import inspect
import json
import shutil
from dataclasses import replace
from pathlib import Path

import diffusers
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ddpm_notes import diffusers_layout
from ddpm_notes.checkpoints import load_checkpoint
from ddpm_notes.data import to_uint8
from ddpm_notes.diffusers_layout import load_diffusers, save_diffusers
from ddpm_notes.forward import forward_process
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.sampling import ddim, sample
from ddpm_notes.schedule import Schedule, linear_schedule, quadratic_schedule, strided
from ddpm_notes.unet import CIFAR10, UNet, UNetConfig, count_parameters

CHECKPOINTS = Path(__file__).parents[2] / "experiments" / "checkpoints"

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
TINY = GOOGLE_DDPM_CIFAR10_32 | {
    "sample_size": 8,
    "in_channels": 1,
    "out_channels": 1,
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
    "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
    "block_out_channels": [8, 16],
    "layers_per_block": 1,
    "norm_num_groups": 4,
}
FLAT = UNetConfig(size=4, channels=1, width=4, multipliers=(1,), attention=(), groups=2)


def saved(setting, folder):
    torch.manual_seed(0)
    model = diffusers.UNet2DModel(**setting).eval()
    model.save_pretrained(folder)
    return model


def test_the_published_layout_has_the_papers_size_and_the_same_output(tmp_path, generator):
    theirs = saved(GOOGLE_DDPM_CIFAR10_32, tmp_path)
    ours = load_diffusers(tmp_path).model
    x, t = torch.randn(2, *ours.net.config.shape, generator=generator), torch.tensor([1, 613])
    with torch.inference_mode():
        expected = theirs(x, t - 1).sample
        error = (ours(x, t) - expected).norm() / expected.norm()
    assert expected.std() > 1e-3 and error < 1e-5
    assert ours.net.config.size == 32 and ours.net.config.multipliers == CIFAR10.multipliers
    assert count_parameters(theirs) == 35_746_307


def test_the_old_names_of_published_files_are_read_too(tmp_path):
    saved(TINY, tmp_path)
    path = tmp_path / "diffusion_pytorch_model.safetensors"
    new, old = load_diffusers(tmp_path).model, {}
    for name, tensor in safetensors.torch.load(path.read_bytes()).items():
        for modern, former in (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")):
            name = name.replace(modern, former)
        old[name] = tensor
    assert any("proj_attn" in name for name in old)
    safetensors.torch.save_file(old, path)
    x, t = torch.ones(1, 1, 8, 8), torch.tensor([5])
    assert torch.equal(load_diffusers(tmp_path).model(x, t), new(x, t))


def a_model(xt, t):
    """Any smooth function of x_t and t stands for the network: the samplers must agree for all of them."""
    return 0.6 * xt + 0.3 * torch.sin(xt * 3 + t.view(-1, 1, 1, 1) / 100)


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
    ours = ddim(a_model, xT, strided(linear_schedule(), 50), eta, clip, torch.Generator().manual_seed(5))
    assert x.std() > 0.1 and (ours - x).abs().max() < 1e-4 * x.abs().max()


def test_diffusers_adds_the_same_noise(generator):
    peer = diffusers.DDPMScheduler(num_train_timesteps=1000, beta_schedule="linear")
    x0, noise = torch.randn(2, 4, 1, 8, 8, generator=generator)
    t = torch.tensor([1, 2, 500, 1000])
    expected = peer.add_noise(x0, noise, t - 1)
    torch.testing.assert_close(forward_process(x0, t, linear_schedule(), noise), expected, atol=1e-5, rtol=0)


OTHER_NETWORKS = {
    "sample_size": [[8, 12], None, 7],
    "in_channels": [2],
    "out_channels": [2],
    "center_input_sample": [True],
    "time_embedding_type": ["fourier", "learned"],
    "time_embedding_dim": [64],
    "freq_shift": [0],
    "flip_sin_to_cos": [True],
    "down_block_types": [["AttnDownBlock2D", "DownBlock2D"], ["DownBlock2D", "AttnSkipDownBlock2D"]],
    "mid_block_type": [None],
    "up_block_types": [["UpBlock2D", "AttnUpBlock2D"]],
    "block_out_channels": [[8, 8], [8, 12], [16, 8]],
    "layers_per_block": [2],
    "mid_block_scale_factor": [2],
    "downsample_padding": [1],
    "downsample_type": ["resnet"],
    "upsample_type": ["resnet"],
    "dropout": [0.5],
    "act_fn": ["gelu"],
    "attention_head_dim": [4],
    "norm_num_groups": [2],
    "attn_norm_num_groups": [2],
    "norm_eps": [1e-3],
    "resnet_time_scale_shift": ["scale_shift"],
    "add_attention": [False],
    "class_embed_type": ["timestep"],
    "num_class_embeds": [3],
    "num_train_timesteps": [10],
}
OTHER_SCHEDULERS = {
    "num_train_timesteps": [1, 250],
    "beta_start": [1e-3],
    "beta_end": [0.01],
    "beta_schedule": ["scaled_linear", "squaredcos_cap_v2", "sigmoid", "laplace"],
    "trained_betas": [[0.02] * 20, [0.1] * 10 + [0.05] * 10, [0.1]],
    "variance_type": ["fixed_large", "fixed_small_log", "fixed_large_log", "learned", "learned_range"],
    "clip_sample": [False],
    "prediction_type": ["sample", "v_prediction"],
    "thresholding": [True],
    "dynamic_thresholding_ratio": [0.5],
    "clip_sample_range": [2.0],
    "sample_max_value": [2.0],
    "timestep_spacing": ["linspace", "trailing"],
    "steps_offset": [1],
    "rescale_betas_zero_snr": [True],
}


def cases(others):
    return [pytest.param(name, value, id=f"{name}={value}") for name, values in others.items() for value in values]


@pytest.mark.parametrize(
    "peer, others, part",
    [(diffusers.UNet2DModel, OTHER_NETWORKS, "UNET"), (diffusers.DDPMScheduler, OTHER_SCHEDULERS, "SCHEDULER")],
)
def test_every_setting_of_diffusers_is_in_the_tables(peer, others, part):
    obeyed, fixed, idle = (getattr(diffusers_layout, f"{part}_{how}") for how in ("OBEYED", "FIXED", "IDLE"))
    parameters = dict(inspect.signature(peer.__init__).parameters)
    del parameters["self"]
    assert set(obeyed) | set(fixed) | set(idle) == set(parameters) == set(others)
    for name, default in (obeyed | {name: default for name, (_, default) in fixed.items()}).items():
        theirs = parameters[name].default
        assert default == (list(theirs) if isinstance(theirs, tuple) else theirs), name


@pytest.mark.parametrize("name, value", cases(OTHER_NETWORKS))
def test_a_setting_of_the_network_is_obeyed_or_refused_by_name(name, value, tmp_path):
    try:
        theirs = saved(TINY | {name: value}, tmp_path)
    except (NotImplementedError, TypeError, ValueError):  # diffusers has none either, so take another's weights
        saved(TINY, tmp_path)
        config = json.loads((tmp_path / "config.json").read_text())
        (tmp_path / "config.json").write_text(json.dumps(config | {name: value}))
        theirs = None
    try:
        ours = load_diffusers(tmp_path).model
    except ValueError as error:
        assert name in str(error) or (name, value) == ("sample_size", 7) and "halved" in str(error)
        assert "\n" not in str(error)
        return
    x, t = torch.randn(2, *ours.net.config.shape), torch.tensor([1, 613])
    with torch.inference_mode():
        expected = theirs(x, t - 1).sample
        assert (ours(x, t) - expected).norm() < 1e-5 * expected.norm()
    assert theirs.config.dropout == ours.net.config.dropout


class AsNetwork(nn.Module):
    forward = staticmethod(a_model)


@pytest.mark.parametrize("name, value", cases(OTHER_SCHEDULERS))
def test_a_setting_of_the_scheduler_is_obeyed_or_refused_by_name(name, value, tmp_path):
    saved(TINY, tmp_path)
    peer = diffusers.DDPMScheduler(**{"num_train_timesteps": 20, "beta_end": 0.3, name: value})
    peer.save_pretrained(tmp_path)
    try:
        given = load_diffusers(tmp_path)
    except ValueError as error:
        assert name in str(error) and "\n" not in str(error)
        return
    model = Parameterized(AsNetwork(), given.schedule, given.model.predicts)
    noise = torch.Generator().manual_seed(1)
    x = torch.randn(2, 1, 8, 8, generator=noise)
    if name == "timestep_spacing":
        peer.set_timesteps(20)
    for t in peer.timesteps:
        x = peer.step(a_model(x, torch.full((2,), int(t) + 1)), t, x, generator=noise).prev_sample
    ours = sample(model, x.shape, given.schedule, torch.Generator().manual_seed(1), **given.about["sampler"])
    assert (ours - x).abs().max() < 2e-4 * x.abs().max()


def random_weights(config, predicts="eps", schedule=None):
    """A network no layer of which is at zero."""
    torch.manual_seed(0)
    net = UNet(config)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.3)
    return Parameterized(net, schedule or linear_schedule(20, 1e-3, 0.3), predicts).eval().requires_grad_(False)


def levels_apart(ours, theirs):
    """The largest difference of two batches of images in grey levels, with theirs in [0, 1]."""
    return (to_uint8(ours).int() - to_uint8(2 * theirs - 1).int()).abs().max().item()


def pipeline_from(folder):
    pipeline = diffusers.DDPMPipeline.from_pretrained(folder, low_cpu_mem_usage=False)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


shapes = st.builds(
    lambda levels, size, attention, **rest: UNetConfig(
        size=tuple(side * 2 ** (len(levels) - 1) for side in size),
        multipliers=(1, *levels[1:]),
        attention=tuple(size[0] * 2**i for i in sorted(attention, reverse=True) if i < len(levels)),
        groups=2,
        **rest,
    ),
    levels=st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple),
    size=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    attention=st.sets(st.integers(0, 2)),
    channels=st.integers(1, 3),
    width=st.sampled_from([4, 8]),
    blocks=st.integers(1, 3),
    dropout=st.sampled_from([0.0, 0.5]),
)


@settings(max_examples=25)
@given(config=shapes, predicts=st.sampled_from(["eps", "x0"]))
def test_any_network_is_the_same_there_and_back(tmp_path_factory, config, predicts):
    folder, model = tmp_path_factory.mktemp("pipeline"), random_weights(config, predicts)
    save_diffusers(folder, model)
    theirs, back = pipeline_from(folder), load_diffusers(folder)
    x, t = torch.randn(2, *config.shape), torch.tensor([1, 20])
    with torch.inference_mode():
        expected = model.net(x, t)
        assert (theirs.unet(x, t - 1).sample - expected).norm() < 1e-5 * expected.norm()
        assert torch.equal(back.model(x, t), model(x, t))
    theirs.save_pretrained(folder / "again")
    again = load_diffusers(folder / "again")
    assert torch.equal(again.model(x, t), model(x, t)) and again.model.net.config == back.model.net.config
    square = replace(config, size=config.size[0]) if len(set(config.size)) == 1 else config
    assert back.model.net.config == replace(square, out_channels=config.channels)
    assert torch.equal(back.schedule.beta, model.schedule.beta)
    assert back.about["sampler"] == {"variance": "beta", "clip_x0": True}


def test_their_pipeline_draws_our_digits(tmp_path):
    ours = load_checkpoint(CHECKPOINTS / "digits.safetensors")
    save_diffusers(tmp_path, ours.model)
    theirs = pipeline_from(tmp_path)(2, torch.Generator().manual_seed(3), 50, output_type="pt").images
    levels = torch.arange(1, 1000, 20)  # those that it takes then, the paper's t; from the last it goes to clean data
    every_20th = Schedule.from_alpha_bar(ours.schedule.alpha_bar[levels])
    every_20th = replace(every_20th, levels=torch.cat([torch.tensor([0]), levels]))
    drawn = sample(ours.model, (2, 1, 8, 8), every_20th, torch.Generator().manual_seed(3), clip_x0=True)
    assert levels_apart(drawn, theirs) <= 1 and theirs.std() > 0.2


@pytest.mark.parametrize("variance, clip_x0", [("beta_tilde", True), ("beta", False)])
@pytest.mark.parametrize(
    "schedule", [quadratic_schedule(20, 1e-3, 0.3), Schedule.from_alpha_bar(torch.tensor([0.7, 0.6, 0.3]))]
)
def test_schedule_variance_and_clipping_go_along(schedule, variance, clip_x0, tmp_path):
    model = random_weights(FLAT, "x0", schedule)
    options = {"variance": variance, "clip_x0": clip_x0}
    save_diffusers(tmp_path, model, **options)
    assert load_diffusers(tmp_path).about["sampler"] == options
    images = pipeline_from(tmp_path)(2, torch.Generator().manual_seed(3), schedule.T, output_type="pt").images
    drawn = sample(model, (2, 1, 4, 4), schedule, torch.Generator().manual_seed(3), **options)
    assert levels_apart(drawn, images) <= 1 and images.std() > 0.05


def test_what_diffusers_cannot_say_is_refused(tmp_path):
    model = random_weights(FLAT)
    with pytest.raises(ValueError, match="predicts='mean'"):
        save_diffusers(tmp_path, Parameterized(model.net, model.schedule, "mean"))
    learned = Parameterized(UNet(replace(FLAT, out_channels=2)), model.schedule, learned_variance=True)
    with pytest.raises(ValueError, match="learned_variance=True"):
        save_diffusers(tmp_path, learned)
    wider = replace(FLAT, multipliers=(2,))
    with pytest.raises(ValueError, match=r"multipliers begin with 1, got \(2,\)"):
        save_diffusers(tmp_path, Parameterized(UNet(wider), model.schedule))
    with pytest.raises(ValueError, match="strided"):
        save_diffusers(tmp_path, Parameterized(model.net, strided(model.schedule, 5)))
    with pytest.raises(ValueError, match="as Parameterized"):
        save_diffusers(tmp_path, model.net)
    assert not list(tmp_path.iterdir())


def test_a_pipeline_is_understood_in_every_layout(tmp_path):
    """As DDPMPipeline saves it; its `unet` alone; and all in one folder, as google/ddpm-cifar10-32 is published."""
    scheduler = diffusers.DDPMScheduler(num_train_timesteps=20, prediction_type="sample", beta_end=0.3)
    diffusers.DDPMPipeline(saved(TINY, tmp_path / "nowhere"), scheduler).save_pretrained(tmp_path / "all")
    flat = shutil.copytree(tmp_path / "all" / "unet", tmp_path / "flat")
    shutil.copy(tmp_path / "all" / "model_index.json", flat)
    shutil.copy(tmp_path / "all" / "scheduler" / "scheduler_config.json", flat)
    for folder in (tmp_path / "all", tmp_path / "all" / "unet", flat):
        given = load_diffusers(folder)
        assert given.schedule.T == 20 and given.model.predicts == "x0", folder
    (flat / "scheduler_config.json").unlink()
    with pytest.raises(ValueError, match="lacks its scheduler_config.json"):
        load_diffusers(flat)
    (flat / "model_index.json").unlink()
    alone = load_diffusers(flat)
    assert torch.equal(alone.schedule.beta, linear_schedule().beta) and "sampler" not in alone.about


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("variant", [None, "fp16"])
def test_weights_in_half_precision_are_computed_with_in_single(kind, variant, tmp_path):
    saved(TINY, tmp_path / "full").to(kind).save_pretrained(tmp_path / "half", variant=variant)
    x, t = torch.randn(2, 1, 8, 8), torch.tensor([1, 700])
    half = load_diffusers(tmp_path / "half").model
    torch.testing.assert_close(half(x, t), load_diffusers(tmp_path / "full").model(x, t), atol=0.05, rtol=0)
    assert {weight.dtype for weight in half.parameters()} == {torch.float32}


def refused(folder, match, part="config.json", **changes):
    """What is said of the folder with other settings, in one line; the folder is then as it was."""
    path = folder / part
    before = path.read_text()
    path.write_text(json.dumps({**json.loads(before), **changes}))
    with pytest.raises(ValueError, match=match) as error:
        load_diffusers(folder)
    path.write_text(before)
    assert "\n" not in str(error.value)


def test_another_architecture_and_a_broken_folder_are_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no model saved by diffusers"):
        load_diffusers(tmp_path)
    save_diffusers(tmp_path, random_weights(replace(FLAT, multipliers=(1, 2))))
    scheduler, config = "scheduler/scheduler_config.json", "unet/config.json"
    refused(tmp_path, "StableDiffusionPipeline", "model_index.json", _class_name="StableDiffusionPipeline")
    refused(tmp_path, "UNet2DConditionModel", config, _class_name="UNet2DConditionModel")
    refused(tmp_path, "DDIMScheduler", scheduler, _class_name="DDIMScheduler")
    refused(tmp_path, "brand_new='x'", config, brand_new="x")
    refused(tmp_path, "do not fit", config, block_out_channels=[4, 4])
    refused(tmp_path, "10000 blocks|20000 blocks", config, layers_per_block=10_000)
    refused(tmp_path, "blocks of a U-Net", config, layers_per_block="2")
    refused(tmp_path, "1..1000000", scheduler, num_train_timesteps=10**12)
    refused(tmp_path, "beta_start=None", scheduler, beta_start=None)
    refused(tmp_path, "num_train_timesteps is 20", scheduler, trained_betas=[0.1])
    refused(tmp_path, "strictly between 0 and 1", scheduler, trained_betas=[2.0] * 20)
    (tmp_path / config).write_text("[" * 100_000)
    with pytest.raises(ValueError, match="holds no model"):
        load_diffusers(tmp_path)


def test_weights_of_an_older_kind_are_refused_with_the_way_out(tmp_path):
    saved(TINY, tmp_path)
    (tmp_path / "diffusion_pytorch_model.safetensors").rename(tmp_path / "diffusion_pytorch_model.bin")
    with pytest.raises(ValueError, match=r"from_pretrained\(…\).save_pretrained"):
        load_diffusers(tmp_path)
