"""The long runs: `make experiments` runs all, `make experiments ONLY="few_steps ablation"` some of them.

A run that was interrupted goes on where it stopped; one whose result is there, by the same code, does nothing.
`accept NAME …` runs nothing long: it sees in miniature whether today's code still gives the results that are there,
and stamps them as today's.
"""

import argparse
import importlib
import sys
from collections.abc import Callable

from experiments import witness
from experiments.results import NO_FASHION
from experiments.stale import code_digest, is_made, is_today, results_of

EXPERIMENTS = {
    "classifier": "the networks whose features judge samples (minutes)",
    "photographs": "clothes to show, and the features of all 60,000 that judge samples (a minute)",
    "fashion_pilot": "width, batch and learning rate for Fashion-MNIST (a quarter of an hour)",
    "digits": "the digits' checkpoint (half an hour)",
    "fashion": "the Fashion-MNIST checkpoint (hours)",
    "browser": "both networks' graphs for the reader's browser (a minute)",
    "report": "bound, sample quality, neighbours of both checkpoints (an hour)",
    "few_steps": "fewer steps: ancestral and DDIM sampling (an hour)",
    "ablation": "Table 2 in miniature (two hours)",
    "schedules": "schedules and T, trained (half an hour)",
    "scaling": "loss and quality against steps and width; EMA on and off (half an hour)",
    "projection": "what the paper's CIFAR10 run would cost here (minutes)",
}


def main() -> int:
    """Run the experiments that were named, or all; or accept the results of those named. Returns the exit status."""
    listing = "\n".join(f"  {name:14} {what}" for name, what in EXPERIMENTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m experiments",
        usage="%(prog)s [accept] [NAME ...]",
        description=__doc__,
        epilog=f"experiments:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (default: all, in this order)")
    names = parser.parse_args().names
    do = accept if names[:1] == ["accept"] else run
    names = names[do is accept :] or list(EXPERIMENTS)
    if unknown := [name for name in names if name not in EXPERIMENTS]:
        parser.exit(2, f"experiments: no experiment {', '.join(unknown)}; there is {', '.join(EXPERIMENTS)}\n")
    return max([_told(do, name) for name in names])


def _told(do: Callable[[str], None], name: str) -> int:
    """Do it; the exit status, with one sentence for what could be expected to go wrong."""
    try:
        do(name)
    except witness.Refused as error:
        print(f"experiments: {name}: {error}", file=sys.stderr)
        return 1
    except ValueError as error:
        if not str(error).startswith("Fashion-MNIST is not on this machine"):
            raise
        print(f"experiments: {name}: {NO_FASHION}", file=sys.stderr)
        return 1
    return 0


def run(name: str) -> None:
    """Run an experiment as far as it has not run by today's code, and store its witness."""
    if is_made(name):
        print(f"{name}: there already, by the same code")
    else:
        importlib.import_module(f"experiments.{name}").main()
    if results_of(name) and witness.stamp(name) != code_digest(name):
        print(f"{name}: storing its witness …", flush=True)
        witness.store(name)


def accept(name: str) -> None:
    """Stamp an experiment's results as today's if its witness is the same by today's code."""
    results = results_of(name)
    if not results:
        print(f"{name}: it keeps no result that could be accepted; `make experiments ONLY={name}` runs it again")
    elif all(map(is_today, results)):
        print(f"{name}: nothing to accept, its results are by today's code")
    else:
        print(f"{name}: its miniature …", flush=True)
        print(f"{name}: accepted, {witness.accept(name)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
