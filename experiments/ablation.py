"""Table 2 in miniature, on the digits: what the network predicts, by which loss, with which variance."""

from dataclasses import replace
from functools import partial

from ddpm_notes import linear_schedule
from ddpm_notes.data import load
from experiments.networks import CONFIG, quality, small_network, trained
from experiments.quality import Judge
from experiments.results import Result, weights_of

SEEDS = (0, 1, 2)
ROWS = {  # as Table 2 names them: what is predicted, the loss, the variance; x0 is not in it
    "mu, L, learned Sigma": ("mean", "bound", "learned"),
    "mu, L, fixed Sigma": ("mean", "bound", "beta"),
    "mu, unweighted": ("mean", "mean", "beta"),
    "eps, L, learned Sigma": ("eps", "bound", "learned"),
    "eps, L, fixed Sigma": ("eps", "bound", "beta"),
    "eps, L_simple": ("eps", "eps", "beta"),
    "x0, unweighted": ("x0", "x0", "beta"),
}


def run(row: str, seed: int, judge: Judge) -> dict:
    """One network of the table."""
    predicts, loss, variance = ROWS[row]
    model = small_network(linear_schedule(), seed, predicts=predicts, learned=variance == "learned")
    config = replace(CONFIG, loss=loss, variance=variance, seed=seed)
    model = trained(f"ablation-{predicts}-{loss}-{variance}-{seed}", model, load("digits", "train"), config)
    return quality(model, judge, load("digits", "test"), variance)


def main() -> None:
    """Every row with every seed."""
    judge = Judge(load("digits", "train"))
    with Result("ablation", "ablation", "digits", weights_of("classifier-digits")) as result:
        for seed in SEEDS:
            for row in ROWS:
                result.part(f"{row}; seed {seed}", partial(run, row, seed, judge))
