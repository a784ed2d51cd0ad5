"""float64 all the way: transformers casts to float32 in norms, softmax and RoPE; this mode does not let it."""

import contextlib

import torch
from torch.overrides import TorchFunctionMode


class Widen(TorchFunctionMode):
    """Inside, whoever asks for float32 gets float64."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.Tensor.float:
            return args[0].double()
        wide = {k: _widen(v) for k, v in (kwargs or {}).items()}
        return func(*[_widen(a) for a in args], **wide)


def _widen(value):
    return torch.float64 if value is torch.float32 else value


@contextlib.contextmanager
def precision(dtype):
    """Everything made or computed inside has this type; float32 is transformers as it comes."""
    torch.set_default_dtype(dtype)
    try:
        with Widen() if dtype is torch.float64 else contextlib.nullcontext():
            yield
    finally:
        torch.set_default_dtype(torch.float32)
