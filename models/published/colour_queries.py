"""DDColor's colour decoder: 100 queries that look for colours in the features of three sizes (sec. 3.3)."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIZES = 3
"""Of which features come; a layer looks at one of them, in turn."""
HEADS = 8


class CrossAttention(nn.Module):
    """Queries look at the features' places."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.multihead_attn = nn.MultiheadAttention(width, HEADS, batch_first=True)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, own: Tensor, places: Tensor, memory: Tensor) -> Tensor:
        """Queries (N, Q, C); `own` and `places` are added where likeness is measured, as in DETR."""
        found, _ = self.multihead_attn(x + own, memory + places, memory, need_weights=False)
        return torch.as_tensor(self.norm(x + found))


class SelfAttention(nn.Module):
    """Queries look at each other."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(width, HEADS, batch_first=True)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, own: Tensor) -> Tensor:
        """Queries (N, Q, C)."""
        found, _ = self.self_attn(x + own, x + own, x, need_weights=False)
        return torch.as_tensor(self.norm(x + found))


class FeedForward(nn.Module):
    """Two linear layers on each query."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear1, self.linear2 = nn.Linear(width, 8 * width), nn.Linear(8 * width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """Queries (N, Q, C)."""
        return torch.as_tensor(self.norm(x + self.linear2(F.relu(self.linear1(x)))))


class Perceptron(nn.Module):
    """Three linear layers with ReLU between."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        """Queries (N, Q, C)."""
        first, second, last = self.layers
        return torch.as_tensor(last(F.relu(second(F.relu(first(x))))))


def places(height: int, width: int, channels: int, like: Tensor) -> Tensor:
    """Sine waves of each place, (height * width, channels), row by row: the first half of y, the second of x."""
    half = channels // 2

    def along(count: int) -> Tensor:
        at = torch.arange(1, count + 1, device=like.device, dtype=torch.float32) / (count + 1e-6) * (2 * math.pi)
        number = torch.arange(half, device=like.device)
        waves = at[:, None] / 10000 ** (2 * (number // 2) / half)
        return torch.where(number % 2 == 0, waves.sin(), waves.cos())

    y, x = along(height)[:, None].expand(-1, width, -1), along(width)[None].expand(height, -1, -1)
    return torch.cat([y, x], dim=2).flatten(0, 1)


class ColourQueries(nn.Module):
    """Features of three sizes to a vector of each query.

    Args:
        inputs: channels of the features.
        width: channels of a query.
        queries: how many.
        layers: how often they look.
    """

    def __init__(self, inputs: tuple[int, ...], width: int, queries: int, layers: int) -> None:
        super().__init__()
        self.input_proj = nn.ModuleList(nn.Conv2d(channels, width, 1) for channels in inputs)
        self.level_embed = nn.Embedding(SIZES, width)
        self.query_feat, self.query_embed = nn.Embedding(queries, width), nn.Embedding(queries, width)
        self.transformer_cross_attention_layers = nn.ModuleList(CrossAttention(width) for _ in range(layers))
        self.transformer_self_attention_layers = nn.ModuleList(SelfAttention(width) for _ in range(layers))
        self.transformer_ffn_layers = nn.ModuleList(FeedForward(width) for _ in range(layers))
        self.decoder_norm = nn.LayerNorm(width)
        self.color_embed = Perceptron(width)

    def forward(self, features: list[Tensor]) -> Tensor:
        """Weights of the pixels' channels for each query, (N, Q, C).

        Args:
            features: (N, channels, h, w), three.
        """
        memories = [
            (project(x) + level[:, None, None]).flatten(2).transpose(1, 2)  # (N, h w, C)
            for project, x, level in zip(self.input_proj, features, self.level_embed.weight, strict=True)
        ]
        wheres = [
            places(x.shape[2], x.shape[3], memory.shape[2], x) for x, memory in zip(features, memories, strict=True)
        ]
        own = self.query_embed.weight
        x = self.query_feat.weight.expand(len(features[0]), -1, -1)
        layers = zip(
            self.transformer_cross_attention_layers,
            self.transformer_self_attention_layers,
            self.transformer_ffn_layers,
            strict=True,
        )
        for number, (cross, among, forward) in enumerate(layers):
            size = number % SIZES
            x = forward(among(cross(x, own, wheres[size], memories[size]), own))
        return torch.as_tensor(self.color_embed(self.decoder_norm(x)))
