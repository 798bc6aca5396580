"""The long runs: `make experiments` runs all, `make experiments ONLY="few_steps ablation"` some of them.

A run that was interrupted goes on where it stopped; one whose result is there, by the same code, does nothing.
"""

import argparse
import importlib

from experiments.results import NO_FASHION, is_missing_data
from experiments.stale import is_made

EXPERIMENTS = {
    "classifier": "the networks whose features judge samples (minutes)",
    "photographs": "clothes to show, and the features of all 60,000 that judge samples (a minute)",
    "fashion_pilot": "width, batch and learning rate for Fashion-MNIST (a quarter of an hour)",
    "digits": "the digits' checkpoint (half an hour)",
    "fashion": "the Fashion-MNIST checkpoint (hours)",
    "browser": "both networks' graphs for the reader's browser (a minute)",
    "report": "bound, sample quality, neighbours of both checkpoints (an hour)",
    "few_steps": "fewer steps: ancestral and DDIM sampling (half an hour)",
    "ablation": "Table 2 in miniature (two hours)",
    "schedules": "schedules and T, trained (half an hour)",
    "scaling": "loss and quality against steps and width; EMA on and off (an hour)",
    "projection": "what the paper's CIFAR10 run would cost here (minutes)",
}


def main() -> None:
    """Run the experiments that were named, or all."""
    listing = "\n".join(f"  {name:14} {what}" for name, what in EXPERIMENTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m experiments",
        description=__doc__,
        epilog=f"experiments:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (default: all, in this order)")
    names = parser.parse_args().names or list(EXPERIMENTS)
    if unknown := [name for name in names if name not in EXPERIMENTS]:
        parser.exit(2, f"experiments: no experiment {', '.join(unknown)}; there is {', '.join(EXPERIMENTS)}\n")
    for name in names:
        if is_made(name):
            print(f"{name}: there already, by the same code")
            continue
        try:
            importlib.import_module(f"experiments.{name}").main()
        except ValueError as error:
            if not is_missing_data(error):
                raise
            parser.exit(1, f"experiments: {name}: {NO_FASHION}\n")


if __name__ == "__main__":
    main()
