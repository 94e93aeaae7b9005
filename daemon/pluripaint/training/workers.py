"""Several processes, one model: started by ``accelerate launch`` or ``torchrun``, alone otherwise.

Gradients are averaged after the backward pass, not by a wrapper around the network: stages call parts of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


@dataclass(frozen=True)
class Workers:
    """This process's place among ``count``."""

    rank: int = 0
    count: int = 1

    @classmethod
    def joined(cls, device: str) -> Workers:
        """Joins the group that the launcher's environment describes, if there is one."""
        count = int(os.environ.get("WORLD_SIZE", "1"))
        if count == 1:
            return cls()
        if not dist.is_initialized():
            dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
        return cls(dist.get_rank(), count)

    @staticmethod
    def device(wanted: str) -> str:
        """``cuda`` means this worker's own card where a launcher started several."""
        if wanted == "cuda" and "LOCAL_RANK" in os.environ:
            return f"cuda:{os.environ['LOCAL_RANK']}"
        return wanted

    @property
    def leads(self) -> bool:
        """Whether this one writes files and speaks."""
        return self.rank == 0

    def same(self, *modules: nn.Module) -> None:
        """Everybody takes the leader's parameters and buffers."""
        if self.count > 1:
            for module in modules:
                for tensor in module.state_dict().values():
                    dist.broadcast(tensor, 0)

    def averaged(self, parameters: Iterable[Any]) -> None:
        """Mean gradient over all workers."""
        if self.count > 1:
            for parameter in parameters:
                if parameter.grad is not None:
                    dist.all_reduce(parameter.grad)
                    parameter.grad /= self.count

    def agreed(self, stop: bool, device: str) -> bool:
        """Whether any worker wants to stop: all stop at the same step."""
        if self.count == 1:
            return stop
        flag: Tensor = torch.tensor(float(stop), device=device)
        dist.all_reduce(flag)
        return bool(flag > 0)

    def left(self) -> None:
        """Leaves the group."""
        if self.count > 1 and dist.is_initialized():
            dist.destroy_process_group()
