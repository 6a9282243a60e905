"""Codes whose mean and covariance are the same in every class."""

import torch
from torch import Tensor, nn

_RIDGE = 1e-3
"""Of covariances, relative to the mean variance of all classes."""
_LEAST = 1e-3
"""Pictures of a class; C may see none of one that it does not know yet."""


def class_means(codes: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
    """Return weights [N, classes] and means [classes, code], float64, by the shares in classes."""
    weights = shares.double() / shares.double().sum(0).clamp(min=_LEAST)
    return weights, weights.T @ codes.double()


class ClassNormal(nn.Module):
    """
    Brings codes of every class to mean 0 and covariance 1 by a linear map of that class.

    Of all such maps it is the one that moves codes least (the optimal transport between two normal
    distributions). Who reads only means and covariances finds nothing of the class in the result.
    """

    def __init__(self, code: int, classes: int):
        super().__init__()
        self.register_buffer('mean', torch.zeros(classes, code))
        self.register_buffer('map', torch.eye(code).repeat(classes, 1, 1))

    def fit(self, codes: Tensor, shares: Tensor) -> None:
        """Take the moments of codes [N, code], by the shares of classes [N, classes] in them."""
        weights, means = class_means(codes, shares)
        away = codes.double()[:, None] - means
        spread = torch.einsum('nk,nki,nkj->kij', weights, away, away)
        ridge = _RIDGE * spread.diagonal(dim1=1, dim2=2).mean()
        values, vectors = torch.linalg.eigh(spread + ridge * torch.eye(codes.shape[1]))
        self.mean.copy_(means)
        self.map.copy_((vectors * values[:, None]**-0.5) @ vectors.mT)

    def forward(self, codes: Tensor, shares: Tensor) -> Tensor:
        """Return codes [B, code] of pictures with shares [B, classes] as they come out."""
        away = codes[:, None] - self.mean
        return torch.einsum('nk,nki,kij->nj', shares, away, self.map)
