"""Whole steps of Algorithm 1 against the same steps written out in plain torch."""

import copy

import pytest
import torch
from torch import nn

from ddpm_notes.schedule import linear_schedule
from ddpm_notes.training import train
from ddpm_notes.training_run import TrainingConfig

SCHEDULE = linear_schedule(20, 0.01, 0.3)


class Affine(nn.Module):
    """A network that depends on x_t and t, but has neither dropout nor any hidden state."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.layer = nn.Conv2d(1, 1, (1, 3), padding=(0, 1), dtype=torch.float64)

    def forward(self, xt, t):
        return self.layer(xt) * (1 + t.view(-1, 1, 1, 1) / 10)


def by_hand(network, data, config):
    """Steps of Algorithm 1 with Adam from torch.optim; the draws are those that `train` documents: by (seed, step)."""
    average = copy.deepcopy(network)
    adam = torch.optim.Adam(network.parameters(), fused=True)
    losses, clipped = [], 0
    for step in range(config.steps):
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
        x0 = data[torch.randint(len(data), (config.batch,), generator=generator)]
        if config.flips:
            flipped = torch.rand(config.batch, generator=generator) < 0.5
            x0 = torch.stack([x[..., [3, 2, 1, 0]] if f else x for x, f in zip(x0, flipped, strict=True)])
        t = torch.randint(1, 21, (config.batch,), generator=generator)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype)
        alpha_bar = torch.stack([(1 - torch.linspace(0.01, 0.3, 20, dtype=torch.float64))[:i].prod() for i in t])
        alpha_bar = alpha_bar.view(-1, 1, 1, 1)
        loss = ((eps - network(alpha_bar**0.5 * x0 + (1 - alpha_bar) ** 0.5 * eps, t)) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        norm = sum((p.grad**2).sum() for p in network.parameters()) ** 0.5
        clipped += int(norm > config.clip)
        for p in network.parameters():
            p.grad *= min(1.0, config.clip / (norm.item() + 1e-6))
        adam.param_groups[0]["lr"] = config.learning_rate * min(step / config.warmup, 1)
        adam.step()
        with torch.no_grad():
            for mean, p in zip(average.parameters(), network.parameters(), strict=True):
                mean.copy_(config.ema * mean + (1 - config.ema) * p)
        losses.append(loss.item())
    return losses, average, clipped


@pytest.mark.parametrize("clip, how_often", [(0.5, 6), (1e9, 0)])
@pytest.mark.parametrize("flips", [False, True])
def test_six_steps_are_those_written_out_by_hand(generator, flips, clip, how_often):
    data = torch.rand(7, 1, 2, 4, generator=generator, dtype=torch.float64) * 2 - 1
    config = TrainingConfig(
        steps=6, batch=5, learning_rate=0.05, warmup=3, ema=0.8, clip=clip, flips=flips, seed=4, save_every=100
    )
    expected_losses, expected, clipped = by_hand(Affine(), data, config)
    assert clipped == how_often
    trained = train(Affine(), data, SCHEDULE, config)
    assert trained.losses.tolist() == pytest.approx(expected_losses, rel=1e-5)
    for ours, by_the_book in zip(trained.model.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(ours, by_the_book, rtol=1e-6, atol=1e-9)
