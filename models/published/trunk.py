"""Parts that the networks of Zhang et al. (ECCV 2016, arXiv 1603.08511; SIGGRAPH 2017, arXiv 1705.02999) share.

Seven blocks of convolutions, each with ReLU, and batch norm at a block's end. Names and places of the layers are those
of the published files: convolutions at 0, 2 and 4 of a block, its norm behind them.
"""

from torch import Tensor, nn

SIDE = 256
"""Height and width, in pixels, at which these networks were taught."""


def convs(inputs: int, outputs: int, count: int, stride: int = 1, dilation: int = 1) -> list[nn.Module]:
    """`count` 3x3 convolutions, each with ReLU; the last one has the stride."""
    layers: list[nn.Module] = []
    for i in range(count):
        step = stride if i == count - 1 else 1
        layers += [
            nn.Conv2d(inputs if i == 0 else outputs, outputs, 3, step, dilation, dilation),
            nn.ReLU(inplace=True),
        ]
    return layers


def block(inputs: int, outputs: int, count: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Convolutions with ReLU, then batch norm."""
    return nn.Sequential(*convs(inputs, outputs, count, stride, dilation), nn.BatchNorm2d(outputs))


def twice_as_large(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    """A learned upsampling to twice the height and width."""
    return nn.ConvTranspose2d(inputs, outputs, 4, 2, 1)


def normed(lightness: Tensor) -> Tensor:
    """CIE L* 0..100, normalised as these networks take it."""
    return (lightness - 50) / 100


class Trunk(nn.Module):
    """The seven blocks, to 512 channels at 1/8 of the input; see `Eccv16` and `Siggraph17` for how they are joined.

    Args:
        inputs: channels.
        stride: of the last convolution of the first three blocks.
    """

    def __init__(self, inputs: int, stride: int) -> None:
        super().__init__()
        self.model1 = block(inputs, 64, 2, stride)
        self.model2 = block(64, 128, 2, stride)
        self.model3 = block(128, 256, 3, stride)
        self.model4 = block(256, 512, 3)
        self.model5 = block(512, 512, 3, dilation=2)
        self.model6 = block(512, 512, 3, dilation=2)
        self.model7 = block(512, 512, 3)
