"""Networks of torchvision, which only these need."""

from importlib import import_module
from pathlib import Path

from torch import nn

from models.networks import load_strictly
from models.weights.files import read_weights


def load_from_torchvision(name: str, maker: str, path: Path, asked_by: str, **nothing: None) -> nn.Module:
    """A network of torchvision with the weights at `path`, in evaluation mode.

    Args:
        name: of the network here, and of the extra that installs what it needs.
        maker: where torchvision makes it: module and function below `torchvision.models`.
        path: of the weights.
        asked_by: the option that needs it, for the error.
        nothing: None for each part whose weights torchvision would fetch.

    Raises:
        ValueError: torchvision is not installed or made for another PyTorch, or these are not the network's weights.
    """
    module, _, function = maker.rpartition(".")
    try:
        make = getattr(import_module(f"torchvision.models.{module}"), function)
    except ModuleNotFoundError as error:
        raise ValueError(f"{asked_by} needs torchvision ({error}); pip install 'restore-film[{name}]'") from error
    except (ImportError, RuntimeError) as error:  # its operators do not load
        what = f"{asked_by} needs a torchvision made for this PyTorch ({str(error).partition(chr(10))[0]})"
        raise ValueError(f"{what}; pip install 'restore-film[{name}]'") from error
    network: nn.Module = make(weights=None, **nothing)
    try:
        load_strictly(network, read_weights(path)[0])
    except ValueError as error:
        raise ValueError(f"{path}: not weights of {name} ({error})") from error
    return network.eval()
