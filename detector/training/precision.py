"""Where a run computes and how exactly: device, autocast type, and the loss scaler that fp16 needs."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from detector.data.pictures import DataError

PRECISIONS = ("auto", "fp32", "bf16", "fp16")


@dataclass(frozen=True, eq=False)
class Precision:
    """Weights and losses stay float32 (master weights); only what autocast chooses runs in `dtype`.

    Attributes:
        device: of the network.
        dtype: bfloat16, float16, or float32 for no mixed precision at all.
        scaler: scales losses so that fp16's small gradients do not vanish; does nothing for other types.
    """

    device: torch.device
    dtype: torch.dtype
    scaler: torch.amp.GradScaler

    def autocast(self) -> AbstractContextManager[None]:
        """The context of a forward pass."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)


def choose_precision(name: str, *, mixed: bool, local_rank: int = 0) -> Precision:
    """The best that this machine has, or what was named.

    Args:
        name: "auto", "fp32", "bf16" or "fp16".
        mixed: whether the recipe wants mixed precision where nothing is named.
        local_rank: which of the machine's GPUs.
    """
    if name not in PRECISIONS:
        raise DataError(f"no precision is called {name!r}; there are: {', '.join(PRECISIONS)}")
    device = torch.device("cuda", local_rank) if torch.cuda.is_available() else torch.device("cpu")
    dtypes = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
    dtype = dtypes[name] if name != "auto" else _best(device) if mixed else torch.float32
    return Precision(device, dtype, torch.amp.GradScaler(device.type, enabled=dtype == torch.float16))


def _best(device: torch.device) -> torch.dtype:
    """bf16 where the hardware has it; a GPU without it takes fp16, a CPU without it stays at fp32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    has_it = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if has_it else torch.float32
