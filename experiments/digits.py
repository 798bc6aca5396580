"""The digits' checkpoint: `python -m experiments digits`."""

from ddpm_notes import DIGITS, TrainingConfig
from experiments.training import train_checkpoint

CONFIG = TrainingConfig(steps=12_000, batch=64, learning_rate=1e-3, warmup=500, ema=0.999, levels=17)


def main() -> None:
    """Algorithm 1 with L_simple."""
    train_checkpoint("digits", "digits", DIGITS, CONFIG)
