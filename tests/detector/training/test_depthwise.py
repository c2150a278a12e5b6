"""The cheap depthwise gradients, against autograd's."""

import pytest
import torch
from torch.testing import assert_close

from detector.model.layers import depthwise
from detector.training.depthwise import KERNEL_GRADIENT_SHARE, sampled_depthwise


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (5, 1), (3, 2), (5, 2)])
def test_gradients_are_autograds(kernel: int, stride: int) -> None:
    """On a batch of one repeated picture every gradient equals autograd's; so does the output."""
    torch.manual_seed(0)
    one = torch.randn(1, 6, 8, 12)
    results = []
    for operation in (depthwise, sampled_depthwise):
        x = one.repeat(KERNEL_GRADIENT_SHARE, 1, 1, 1).requires_grad_()
        weight = torch.linspace(-1, 1, 6 * kernel * kernel).view(6, 1, kernel, kernel).requires_grad_()
        bias = torch.zeros(6, requires_grad=True)
        y = operation(x, weight, bias, stride)
        (y * torch.linspace(-1, 1, y[0].numel()).view_as(y[0])).sum().backward()
        results.append((y.detach(), x.grad, weight.grad, bias.grad))
    for ours, reference in zip(results[1], results[0], strict=True):
        assert_close(ours, reference, rtol=1e-4, atol=1e-4)
