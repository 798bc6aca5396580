"""How far chance moves a mean over several networks, each of which drew several sets of samples."""

from torch import Tensor


def of_networks_and_sets(values: Tensor) -> tuple[float, float]:
    """The mean of values (networks, sets), and its standard error.

    Networks scatter by their seed of training, and sets by their noise, which all networks have in common: so more
    networks do not help against the luck of a set. What is neither's alone is counted in both, and so once too often.
    """
    of_networks, of_sets = (values.mean(other) for other in (1, 0))
    error = (of_networks.var() / len(of_networks) + of_sets.var() / len(of_sets)).sqrt()
    return values.mean().item(), error.item()
