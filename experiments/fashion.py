"""The Fashion-MNIST checkpoint: `python -m experiments fashion`. Its settings come from `fashion_pilot`."""

from ddpm_notes import FASHION, TrainingConfig
from experiments.training import train_checkpoint

CONFIG = TrainingConfig(
    steps=45_000, batch=32, learning_rate=5e-4, warmup=500, ema=0.999, precision="bfloat16", save_every=200
)


def main() -> None:
    """Algorithm 1 with L_simple, in bfloat16."""
    train_checkpoint("fashion", "fashion-mnist", FASHION, CONFIG)
