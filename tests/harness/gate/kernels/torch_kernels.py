"""Kernels for PyTorch as people write them."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.autograd.function import once_differentiable


class MishFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.tanh(F.softplus(x))

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        sigmoid, tanh = torch.sigmoid(x), torch.tanh(F.softplus(x))
        return grad_output * (tanh + x * sigmoid * (1 - tanh * tanh))


class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta=1.0):
        ctx.save_for_backward(x)
        ctx.beta = beta
        return torch.log1p(torch.exp(-(beta * x).abs())) / beta + x.clamp(min=0)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(ctx.beta * x), None


class Swish(nn.Module):
    def __init__(self, beta=1.0):
        super().__init__()
        self.beta = nn.Parameter(torch.tensor(float(beta)))
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        return self.dropout(x) * torch.sigmoid(self.beta * x)


class RowRelu(nn.Module):
    def forward(self, x):
        rows, columns = x.shape
        return F.relu(x).reshape(rows, columns)


def get(name):
    return {"swish": F.silu, "relu": F.relu}[name]


def relu_(x):
    x[x < 0] = 0
    return x


def value_and_input(x):
    return torch.sigmoid(x), x


def from_value(s):
    return s * (1 - s)


def step(x):
    return (x > 0).to(x.dtype)


def straight_through(grad_output, x):
    return grad_output * (x.abs() <= 1)


def scaled(x, alpha):
    return alpha * torch.sigmoid(x)


def wide(x):
    return torch.sigmoid(x.double())


class PerChannel(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.beta = nn.Parameter(torch.ones(1, channels, 1, 1))

    def forward(self, x):
        return x * torch.sigmoid(self.beta * x)


class Remembering(nn.Module):
    def forward(self, x):
        self.out = torch.sigmoid(x)
        return self.out

    def slope(self, grad_output):
        return grad_output * self.out * (1 - self.out)


def cut(x):
    return torch.from_numpy(torch.sigmoid(x).detach().numpy())
