"""Schedules and T with trained networks, on the digits: two of the authors' schedules, and short chains (E8).

The linear schedule is among the runs of `ablation`, as `eps, L_simple`.
"""

from dataclasses import replace
from functools import partial

from ddpm_notes import constant_schedule, linear_schedule, quadratic_schedule, rescaled_linear_schedule
from ddpm_notes.data import load
from experiments.networks import CONFIG, quality, small_network, trained
from experiments.quality import Judge
from experiments.results import Result, weights_of

SEEDS = (0, 1, 2)
SCHEDULES = {  # the linear one, T = 1000, is among the ablation's
    "quadratic": quadratic_schedule(),
    "constant": constant_schedule(),
    "linear, T = 100, rescaled": rescaled_linear_schedule(100),
    "linear, T = 100, not rescaled": linear_schedule(T=100),
}


def run(name: str, seed: int, judge: Judge) -> dict:
    """One network, and how it samples and codes."""
    model = small_network(SCHEDULES[name], seed)
    config = replace(CONFIG, seed=seed)
    model = trained(f"schedules-{name.replace(' ', '')}-{seed}", model, load("digits", "train"), config)
    alpha_bar_T = SCHEDULES[name].alpha_bar[-1].item()
    return {"alpha_bar_T": alpha_bar_T, **quality(model, judge, load("digits", "test"), "beta")}


def main() -> None:
    """Every schedule with every seed."""
    judge = Judge(load("digits", "train"))
    with Result("schedules", "schedules", "digits", weights_of("classifier-digits")) as result:
        for seed in SEEDS:
            for name in SCHEDULES:
                result.part(f"{name}; seed {seed}", partial(run, name, seed, judge))
