"""Weights by rule: the lines of it that test_published.py does not see."""

from __future__ import annotations

import torch

from tests.made.rule import by_rule, digest_of

SHAPES = {key: torch.Size(shape) for key, shape in {
    "c.weight_orig": (6, 4, 3, 3), "c.weight_u": (6,), "c.weight_v": (36,), "c.bias": (6,),
    "d.module.weight_bar": (2, 3, 1, 1), "d.module.weight_u": (2,), "d.module.weight_v": (3,),
    "e.weight_g": (4, 1, 1, 1), "e.weight_v": (4, 3, 1, 1),
    "n.num_batches_tracked": (), "n.running_var": (3,), "n.stored_var": (3,), "a.gamma": (), "bn3.weight": (3,),
    "mean": (1, 3, 1, 1)}.items()}  # fmt: skip


def test_singular_vectors_are_of_unit_length_and_agree_with_their_weight() -> None:
    state = by_rule(SHAPES)
    for weight, stem in (("c.weight_orig", "c.weight"), ("d.module.weight_bar", "d.module.weight")):
        u, v, matrix = state[f"{stem}_u"], state[f"{stem}_v"], state[weight].flatten(1)
        assert torch.allclose(u.norm(), torch.tensor(1.0))
        assert torch.allclose(matrix.T @ u / (matrix.T @ u).norm(), v, atol=1e-6)


def test_each_line_of_the_rule_holds() -> None:
    state = by_rule(SHAPES)
    assert {key: value.shape for key, value in state.items()} == SHAPES
    assert state["n.num_batches_tracked"].dtype == torch.int64
    assert state["mean"].flatten().tolist() == torch.tensor([0.485, 0.456, 0.406]).tolist()
    for key, centre, spread in (("e.weight_g", 1, 0.4), ("a.gamma", 0.3, 0.2), ("bn3.weight", 0.2, 0.1)):
        assert (state[key] - centre).abs().max() < spread
    assert min(state["n.running_var"].min(), state["n.stored_var"].min()) >= 1
    assert state["e.weight_v"].std() > 0.5


def test_digest_tells_tensors_and_keys_apart() -> None:
    state = by_rule(SHAPES)
    assert digest_of(state) == digest_of(dict(reversed(state.items())))
    assert digest_of(state) != digest_of(state | {"c.bias": state["c.bias"] + 1})
    assert digest_of(state) != digest_of({key.replace("c.", "f."): value for key, value in state.items()})
