"""AdamW on float32 masters, the clipping of gradients, and the schedule.

Adapters in bf16 lose steps of the size that upstream's learning rates make, so each trained tensor
that is not float32 has a float32 master that the optimizer moves; the model gets a rounded copy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from mmskin_build.config import TrainConfig
from mmskin_build.skinvl.layout import PROJECTOR

Tensors = dict[str, torch.Tensor]
_BETAS, _EPSILON = (0.9, 0.999), 1e-8  # the Trainer's defaults, which upstream uses


def learning_rate_share(step: int, steps: int, warmup_share: float) -> float:
    """Return what share of the learning rate a step uses: a linear rise, then a cosine to 0.

    As `transformers`' cosine schedule, whose very first step with a warm-up is at 0.

    >>> [round(learning_rate_share(step, 10, 0.2), 3) for step in (0, 1, 2, 6, 10)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    warmup = math.ceil(steps * warmup_share)
    if step < warmup:
        return step / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))


class MasterAdamW:
    """The optimizer of the trained tensors, by their names in the files."""

    def __init__(self, trained: Mapping[str, torch.nn.Parameter], cfg: TrainConfig) -> None:
        """Make masters and an AdamW over them: the projector has a learning rate of its own."""
        self._parameters = dict(trained)
        self._masters: Tensors = {
            name: parameter
            if parameter.dtype == torch.float32
            else parameter.detach().float().requires_grad_(True)
            for name, parameter in trained.items()
        }
        self._rates = (cfg.learning_rate, cfg.projector_learning_rate)
        groups = [
            [master for name, master in self._masters.items() if name.startswith(PROJECTOR) == flag]
            for flag in (False, True)
        ]
        on_gpu = any(master.is_cuda for master in self._masters.values())
        self._adam = torch.optim.AdamW(
            [{"params": group} for group in groups if group],
            lr=cfg.learning_rate,
            betas=_BETAS,
            eps=_EPSILON,
            weight_decay=cfg.weight_decay,
            fused=on_gpu,
        )
        self._group_rates = [rate for rate, group in zip(self._rates, groups, strict=True) if group]
        self._limit = cfg.max_gradient_norm

    def step(self, share: float, scale: float) -> float:
        """Scale and clip the gradients, move the masters, and forget the gradients.

        Args:
            share: Of the learning rates, from the schedule.
            scale: What the summed gradients are multiplied with, one over the learned tokens.

        Returns:
            The norm of the gradients before clipping. If it is no finite number nothing moves.
        """
        gradients: list[torch.Tensor] = []
        for name, parameter in self._parameters.items():
            if parameter.grad is None:
                continue
            master = self._masters[name]
            if master is not parameter:
                master.grad, parameter.grad = parameter.grad.float(), None
            if master.grad is not None:
                gradients.append(master.grad.mul_(scale))
        norm = float(torch.linalg.vector_norm(torch.stack([g.norm() for g in gradients])))
        if math.isfinite(norm):
            for gradient in gradients:
                gradient.mul_(min(1.0, self._limit / (norm + 1e-6)))
            for group, rate in zip(self._adam.param_groups, self._group_rates, strict=True):
                group["lr"] = rate * share
            self._adam.step()
            self._round_copies()
        self.forget()
        return norm

    def forget(self) -> None:
        """Drop the gradients."""
        for name, parameter in self._parameters.items():
            parameter.grad = None
            self._masters[name].grad = None

    def masters(self) -> Tensors:
        """Return the trained tensors in float32."""
        return {name: master.detach() for name, master in self._masters.items()}

    def state(self) -> Tensors:
        """Return the moments by name, and the count of steps of each tensor."""
        return {
            f"{kind}/{name}": value
            for name, master in self._masters.items()
            for kind, value in self._adam.state.get(master, {}).items()
        }

    def restore(
        self, masters: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor]
    ) -> None:
        """Put back what `masters` and `state` gave."""
        with torch.no_grad():
            for name, master in self._masters.items():
                master.copy_(masters[name])
                self._adam.state.pop(master, None)
                kept = {
                    key.partition("/")[0]: value
                    for key, value in state.items()
                    if key.partition("/")[2] == name
                }
                if kept:
                    step = kept.pop("step")
                    moments = {key: value.to(master.device).clone() for key, value in kept.items()}
                    # A fused AdamW counts on the device, the plain one on the CPU.
                    counted = step.to(master.device) if master.is_cuda else step
                    self._adam.state[master] = {"step": counted.clone(), **moments}
        self._round_copies()

    def _round_copies(self) -> None:
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                if self._masters[name] is not parameter:
                    parameter.copy_(self._masters[name])
