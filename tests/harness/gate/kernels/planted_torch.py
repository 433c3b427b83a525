"""Sigmoid in PyTorch, right, and with one regression each."""

import torch

calls = []


def right(x):
    return torch.sigmoid(x.double()).to(x.dtype)


def vanished_tail(x):
    return torch.where((x < -8) & (x > -9), torch.zeros_like(x), right(x))


def one_nan(x):
    return torch.where(x == 1.5, torch.full_like(x, float("nan")), right(x))


def one_ulp(x):
    return torch.where(x == 1.5, right(x) + 2.0**-11, right(x))


def zero_sign(x):
    return torch.where(x == -20, torch.full_like(x, -0.0), right(x))


class OtherGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return right(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * (1 - torch.tanh(x) ** 2)


other_gradient = OtherGradient.apply


class History(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return right(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        calls.append(0)
        s = torch.sigmoid(x.double())
        slope = (s * torch.sigmoid(-x.double())).to(x.dtype)
        return grad_output * torch.where(x == 1.5, slope * (1 + len(calls) % 2 * 2.0**-10), slope)


history = History.apply


def zeros(x):
    return torch.zeros_like(x)


def nans(x):
    return torch.full_like(x, float("nan"))


def untouched(x):
    return torch.empty_like(x)
