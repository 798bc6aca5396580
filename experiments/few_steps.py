"""Sample quality against the number of steps: Algorithm 2 with beta and beta~ on a strided chain, and DDIM."""

from functools import partial

from torch import Generator, Tensor

from ddpm_notes import ddim, load_checkpoint, sample, strided
from ddpm_notes.checkpoints import Checkpoint
from ddpm_notes.data import load
from experiments.quality import Judge
from experiments.results import Result, weights_of
from experiments.stale import CHECKPOINTS

STEPS = (5, 10, 20, 50)
SAMPLES = 256


def draw(checkpoint: Checkpoint, sampler: str, steps: int, seed: int = 0) -> Tensor:
    """Samples of a chain of `steps` steps, clipped."""
    model, schedule = checkpoint.model, strided(checkpoint.schedule, steps)
    shape, generator = (SAMPLES, *model.net.config.shape), Generator().manual_seed(seed)
    if sampler == "ddim":
        return ddim(model, shape, schedule, clip_x0=True, generator=generator)
    return sample(model, shape, schedule, generator, variance=sampler, clip_x0=True)


def main() -> None:
    """Both checkpoints."""
    for name, data in (("digits", "digits"), ("fashion", "fashion-mnist")):
        result = Result(f"few-steps-{name}", "few_steps", data, weights_of(name, f"classifier-{data}"))
        judge, checkpoint = Judge(load(data, "train")), load_checkpoint(CHECKPOINTS / f"{name}.safetensors")

        def distance(sampler: str, steps: int, judge=judge, checkpoint=checkpoint) -> dict:
            return {"distance": judge.distance(draw(checkpoint, sampler, steps))}

        for steps in STEPS:
            for sampler in ("beta", "beta_tilde", "ddim"):
                result.part(f"{sampler}, {steps} steps", partial(distance, sampler, steps))
