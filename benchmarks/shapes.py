"""What is compared: the two small presets, in this package's words and in those of the peers."""

SIZES = {"digits": 8, "fashion": 28}
BATCHES = {"digits": 64, "fashion": 32}  # of a training step
SAMPLES = {"digits": 32, "fashion": 8}  # of a sampling step, of a whole run and of the bound
T = {"digits": 25, "fashion": 25}  # of a whole run: the schedule is rescaled, the cost per step is that of T = 1000
WIDTH, GROUPS = 32, 8
MULTIPLIERS = {"digits": (1, 2), "fashion": (1, 2, 2)}
LEARNING_RATE, CLIP, EMA = 2e-4, 1.0, 0.9999


def diffusers_settings(preset: str) -> dict:
    """The `UNet2DModel` with the layout of google/ddpm-cifar10-32 and the shape of DIGITS or FASHION."""
    levels = len(MULTIPLIERS[preset])
    plain = levels - 1  # attention at the lowest resolution alone
    return {
        "sample_size": SIZES[preset],
        "in_channels": 1,
        "out_channels": 1,
        "center_input_sample": False,
        "time_embedding_type": "positional",
        "freq_shift": 1,
        "flip_sin_to_cos": False,
        "down_block_types": ["DownBlock2D"] * plain + ["AttnDownBlock2D"],
        "up_block_types": ["AttnUpBlock2D"] + ["UpBlock2D"] * plain,
        "block_out_channels": [WIDTH * m for m in MULTIPLIERS[preset]],
        "layers_per_block": 2,
        "mid_block_scale_factor": 1,
        "downsample_padding": 0,
        "act_fn": "silu",
        "attention_head_dim": None,
        "norm_num_groups": GROUPS,
        "norm_eps": 1e-6,
        "dropout": 0.1,
    }
