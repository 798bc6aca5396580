"""What a network may predict: epsilon, x_0 or mu_tilde, and a diagonal Sigma. Section 3.2 and Table 2, p. 5.

Everything else in this package knows epsilon alone. A network that predicts something else is wrapped
here, once, and the wrapped network is a model like any other.
"""

from typing import Any

import torch
from torch import Tensor, nn

from ddpm_notes.reverse import check_prediction, predict_eps
from ddpm_notes.schedule import Schedule


def eps_from_mean(xt: Tensor, t: Tensor, mean: Tensor, schedule: Schedule) -> Tensor:
    """The epsilon that belongs to a given mu_theta: Eq. (11), p. 4, solved for epsilon."""
    check_prediction(xt, t, mean, schedule)
    factor = torch.cat([schedule.beta[:1], (1 - schedule.alpha_bar[1:]).sqrt() / schedule.beta[1:]])
    return schedule.at(factor, t, xt) * (xt - schedule.at(schedule.alpha.sqrt(), t, xt) * mean)


TO_EPS = {"eps": lambda xt, t, eps, schedule: eps, "x0": predict_eps, "mean": eps_from_mean}


class Parameterized(nn.Module):
    """A network as a model of epsilon, whatever it predicts.

    net: a module `net(xt, t)`. predicts: "eps" (Eq. 11), "x0" (Eq. 15) or "mean" (mu_tilde, Eq. 8).
    learned_variance: the network returns twice the channels, the second half being log Sigma_theta, the
    logarithm of the reverse variance of every coordinate, as in the released code ("learned diagonal
    Sigma", Table 2; the paper found it unstable).

    Being a `torch.nn.Module`, it trains and is saved like the bare network. Raises ValueError for an
    unknown `predicts` or an output with the wrong number of channels.
    """

    net: Any

    def __init__(self, net: nn.Module, schedule: Schedule, predicts: str = "eps", learned_variance: bool = False):
        super().__init__()
        if predicts not in TO_EPS:
            raise ValueError(f"predicts must be one of {', '.join(TO_EPS)}, got {predicts!r}")
        self.net, self.schedule = net, schedule
        self.predicts, self.learned_variance = predicts, learned_variance

    def extra_repr(self) -> str:
        """What decides the meaning of the output, beside the network."""
        return f"predicts={self.predicts}, learned_variance={self.learned_variance}, schedule={self.schedule.checksum}"

    def forward(self, xt: Tensor, t: Tensor) -> Tensor:
        """epsilon_theta(x_t, t), shaped like x_t."""
        return self._split(xt, t)[0]

    def eps_and_log_variance(self, xt: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """epsilon_theta and log Sigma_theta, both shaped like x_t; ValueError if the variance is not learned."""
        eps, log_variance = self._split(xt, t)
        if log_variance is None:
            raise ValueError('this network has no learned variance; use variance="beta" or "beta_tilde"')
        return eps, log_variance

    def _split(self, xt: Tensor, t: Tensor) -> tuple[Tensor, Tensor | None]:
        if not torch.compiler.is_compiling():
            self.schedule.check(t, batch=len(xt))
        output = self.net(xt, t)
        channels = xt.shape[1] * (2 if self.learned_variance else 1)
        if output.shape != (len(xt), channels, *xt.shape[2:]):
            raise ValueError(
                f"the network must return {channels} channels for images {tuple(xt.shape)}, got {tuple(output.shape)}; "
                f"set UNetConfig.out_channels={channels}"
            )
        # (B, 2 C, H, W) to twice (B, C, H, W)
        predicted, log_variance = output.chunk(2, dim=1) if self.learned_variance else (output, None)
        return TO_EPS[self.predicts](xt, t, predicted, self.schedule.on(xt.device)), log_variance
