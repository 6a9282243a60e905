"""The comparer of one level: how odd a query patch looks beside reference patches.

Co-attention maps both into a shared space and takes the cosine (dissertation section 1.1.2); the
MLP of eq. 1.1 judges pairs [q; r]. It is told |q - r|, too: what differs is what a comparison of
surfaces never seen before rests on, and few pictures teach it that. The first layer is a sum of
parts, so that those of q and r are computed once per patch and not once per pair.
"""

from torch import Tensor, nn
from torch.nn import functional

MODES = ('max', 'nearest')


class Comparer(nn.Module):
    """Patches of size D of a query and of references -> scores."""

    def __init__(self, size: int, latent: int = 64, hidden: int = 64):
        super().__init__()
        self.shared = nn.Linear(size, latent)
        self.query = nn.Linear(size, hidden)
        self.reference = nn.Linear(size, hidden, bias=False)
        self.difference = nn.Linear(size, hidden, bias=False)
        self.judge = nn.Sequential(
            nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def attention(self, query: Tensor, reference: Tensor) -> Tensor:
        """Return the similarity 0..1 of patches [..., Q, D] and [N, D]: [..., Q, N]."""
        q = functional.normalize(self.shared(query), dim=-1)
        r = functional.normalize(self.shared(reference), dim=-1)
        return 0.5 * (1 + q @ r.transpose(-1, -2))

    def scores(self, query: Tensor, reference: Tensor, attention: Tensor, mode: str,
               neighbors: int) -> Tensor:
        """
        Return the logit of s_j for every query patch [..., Q].

        mode max is eq. 1.1: the oddest pair counts, so a query patch has to resemble every
        reference patch. nearest asks about the `neighbors` most similar reference patches (of at
        least so many) and takes the least odd: a surface may look different from place to place.
        """
        q, r = self.query(query), self.reference(reference)
        if mode == 'max':
            unlike = self.difference((query.unsqueeze(-2) - reference).abs())
            return self.judge(q.unsqueeze(-2) + r + unlike).squeeze(-1).amax(-1)
        best = attention.topk(neighbors, dim=-1).indices
        unlike = self.difference((query.unsqueeze(-2) - reference[best]).abs())
        return self.judge(q.unsqueeze(-2) + r[best] + unlike).squeeze(-1).amin(-1)
