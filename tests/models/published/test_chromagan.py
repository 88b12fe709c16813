"""ChromaGAN gives what its authors' code gives, with the same weights."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from models.published.chromagan import AB_SCALE, CENTRE, Chromagan, Norm
from models.published.normed_weights import published_shapes
from tests.made.layouts import SHARP, STATISTICS, filled, golden, on_meta, parameters_in, share_off


def whole() -> Chromagan:
    return Chromagan(is_whole=True)


@pytest.mark.slow
@torch.inference_mode()
def test_gives_what_the_authors_code_gives() -> None:
    of = golden("chromagan")
    network, lightness = filled(whole, whole), 100 * of["gray"].expand(-1, 3, -1, -1)
    ab, classes = network.with_classes(lightness)
    twice = F.interpolate((ab + CENTRE) / AB_SCALE, scale_factor=2, mode="nearest")
    assert share_off(twice, of["ab"]) <= SHARP
    assert share_off(classes, of["class_distribution"]) <= SHARP


def test_has_as_many_tensors_and_parameters_as_the_published_file() -> None:
    shapes = published_shapes(on_meta(whole))
    assert (len(shapes), parameters_in(shapes, ())) == (80, 171_171_722)
    assert parameters_in(shapes, STATISTICS) == 171_166_090


def test_colours_without_the_layers_that_tell_classes() -> None:
    colours, tells = on_meta(Chromagan).state_dict(), on_meta(whole).state_dict()
    assert {key.partition(".")[0] for key in tells.keys() - colours.keys()} == {"dense_4", "dense_5", "dense_6"}


def test_norms_have_kerass_epsilon() -> None:
    norm = Norm(1)
    norm.running_var.fill_(1e-3)
    assert torch.allclose(norm(torch.ones(1, 1, 1, 1)), torch.tensor(2e-3).rsqrt())
