"""Sample quality against the number of steps: Algorithm 2 with beta and beta~ on a strided chain, and DDIM.

Every distance is that of several sets of new samples, whose scatter is what chance does.
"""

from functools import partial

from ddpm_notes import load_checkpoint, strided
from ddpm_notes.checkpoints import Checkpoint
from ddpm_notes.data import load
from experiments.quality import Judge
from experiments.results import Result, weights_of
from experiments.samples import Sampler, draw, set_of
from experiments.stale import CHECKPOINTS

STEPS = (5, 10, 20, 50)
SETS = 5


def distances(judge: Judge, checkpoint: Checkpoint, sampler: Sampler, steps: int) -> dict:
    """The feature distance of each set of samples of a chain of `steps` steps, clipped; and their mean."""
    schedule = strided(checkpoint.schedule, steps)
    sets = [judge.distance(draw(checkpoint.model, schedule, set_of(k), sampler=sampler)) for k in range(SETS)]
    return {"distance": sum(sets) / SETS, "distance_of_sets": sets}


def main() -> None:
    """Both checkpoints."""
    for name, data in (("digits", "digits"), ("fashion", "fashion-mnist")):
        with Result(f"few-steps-{name}", "few_steps", data, weights_of(name, f"classifier-{data}")) as result:
            judge, checkpoint = Judge(load(data, "train")), load_checkpoint(CHECKPOINTS / f"{name}.safetensors")
            for steps in STEPS:
                for sampler in ("beta", "beta_tilde", "ddim"):
                    result.part(f"{sampler}, {steps} steps", partial(distances, judge, checkpoint, sampler, steps))
