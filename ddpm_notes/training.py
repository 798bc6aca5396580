"""Training: Algorithm 1, p. 4. What stands around it (resuming, several processes, averaging) is in `training_run`.

Everything random in step k is drawn from a generator seeded by (seed, k), so a run that was killed and
resumed gives the same bits as one that was not, on a CPU at equal thread counts.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Generator, Tensor, nn

from ddpm_notes.data import Images
from ddpm_notes.distributed import rank_and_world, share, to_device
from ddpm_notes.losses import bound_term, draw_t, simple_loss
from ddpm_notes.precision import arithmetic
from ddpm_notes.schedule import Schedule
from ddpm_notes.training_run import TrainingConfig, TrainingRun


@dataclass(frozen=True)
class Trained:
    """The averaged network, in evaluation mode; the loss of every step, (steps,); and the seconds it took in all."""

    model: nn.Module
    losses: Tensor
    seconds: float


class Objective(nn.Module):
    """The loss of each image as a module, so that DistributedDataParallel can wrap it: (B,) of this process's share."""

    def __init__(self, model: nn.Module, schedule: Schedule, config: TrainingConfig):
        super().__init__()
        self.model, self.schedule, self.config = model, schedule, config

    def forward(self, x0: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        c, device = self.config, next(self.model.parameters()).device
        if c.draw_on == "cpu":  # the same batch was drawn by all processes
            x0, t, noise = (share(each) for each in (x0, t, noise))  # (batch, ...) to (batch / processes, ...)
        x0, t, noise = (to_device(each, device) for each in (x0, t, noise))
        schedule = self.schedule.on(device)
        with arithmetic(device, c.precision):
            if c.loss == "bound":
                return bound_term(self.model, x0, schedule, t, noise, c.variance, c.levels)[0]
            return simple_loss(self.model, x0, schedule, t, noise, target=c.loss)


def train(
    model: nn.Module, data: Tensor | Images, schedule: Schedule, config: TrainingConfig, state: Path | None = None
) -> Trained:
    """Algorithm 1, p. 4: repeat `training_step`, here `config.steps` times.

    model: a module that is a model of epsilon; it is trained in place. data: x_0, (N, C, H, W) in
    [-1, 1], or `Images`, from which batches are drawn with replacement. state: a file in which the run is
    saved every `config.save_every` steps and when it is interrupted, and from which it goes on if it exists.
    Under torchrun the batch is divided among the processes (DistributedDataParallel): they take the steps
    that one process would, to within rounding (and but for dropout, which each draws for itself, and for
    draw_on="device"). Process 0 saves, where all can read.
    Raises ValueError if `state` belongs to another run, or the model to another schedule; `TrainingDiverged`
    at the first NaN (on a GPU it looks every 20 steps, so as not to wait for each).
    """
    run = TrainingRun(Objective(model, schedule, config), data, schedule, config, state)
    for generator in run.steps():
        loss, norm = training_step(run.objective, run.optimizer, data, schedule, config, generator)
        run.record(loss, norm)
    return Trained(run.average.eval().requires_grad_(False), run.losses, run.seconds)


def training_step(
    objective: nn.Module,
    optimizer: torch.optim.Optimizer,
    data: Tensor | Images,
    schedule: Schedule,
    config: TrainingConfig,
    generator: Generator,
) -> tuple[Tensor, Tensor]:
    """Lines 2 to 5 of Algorithm 1, p. 4: draw x_0, t and epsilon, step down ||epsilon - epsilon_theta(x_t, t)||^2.

    The template's five points: sample t, make x_t, predict the noise and compute the loss (these three in
    `simple_loss`), back-propagate. Returns the batch's mean loss and the gradient's norm before it was clipped.
    """
    count = config.batch if config.draw_on == "cpu" else config.batch // rank_and_world()[1]
    here = generator.device
    x0 = data[torch.randint(len(data), (count,), generator=generator, device=here)]  # (batch, C, H, W)
    if config.flips:
        flip = torch.rand(count, generator=generator, device=here) < 0.5
        x0 = torch.where(flip.to(x0.device).view(-1, 1, 1, 1), x0.flip(-1), x0)
    t = draw_t(count, schedule, generator)  # (batch,)
    noise = torch.randn(x0.shape, generator=generator, dtype=x0.dtype, device=here)
    loss = objective(x0, t, noise).mean()
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(objective.parameters(), config.clip)
    optimizer.step()
    return loss.detach(), norm
