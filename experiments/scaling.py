"""Loss and sample quality against steps and width, with and without EMA (E15), on the digits."""

from dataclasses import replace
from functools import partial

from ddpm_notes import Parameterized, count_parameters, linear_schedule, strided, train
from ddpm_notes.data import Images, load
from experiments.networks import CONFIG, held_out_loss, small_network
from experiments.quality import Judge
from experiments.results import STATES, Result, weights_of
from experiments.samples import draw, set_of

WIDTHS = (8, 16, 32)
STEPS = (250, 500, 1000, 2000, 4000)
SETS = 3


def judged(model: Parameterized, judge: Judge, train_images: Images, test_images: Images) -> dict:
    """Losses on training and held-out digits, and the feature distance of samples of 100 steps."""
    short = strided(model.schedule, 100)
    sets = [judge.distance(draw(model, short, set_of(k))) for k in range(SETS)]
    return {
        "train_loss": held_out_loss(model, train_images, draws=2),
        "held_out_loss": held_out_loss(model, test_images),
        "distance": sum(sets) / SETS,
        "distance_of_sets": sets,
    }


def run(width: int, steps: int, judge: Judge) -> dict:
    """Train on to `steps`; judge the averaged weights and the last ones."""
    train_images, test_images = load("digits", "train"), load("digits", "test")
    model = small_network(linear_schedule(), 0, width)
    state = STATES / f"scaling-{width}.state"
    config = replace(CONFIG, steps=steps)
    result = train(model, train_images.x0, model.schedule, config, state=state)
    images = (judge, train_images, test_images)
    return {
        "width": width,
        "steps": steps,
        "parameters": count_parameters(model),
        "seconds_of_training": round(result.seconds),
        "averaged": judged(result.model, *images),
        "last": judged(model.eval(), *images),
    }


def main() -> None:
    """Every width, a longer run going on from the shorter."""
    judge = Judge(load("digits", "train"))
    with Result("scaling", "scaling", "digits", weights_of("classifier-digits")) as result:
        for width in WIDTHS:
            for steps in STEPS:
                result.part(f"width {width}, {steps} steps", partial(run, width, steps, judge))
