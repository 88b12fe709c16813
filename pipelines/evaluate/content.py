"""What a classifier sees in the coloured pictures: whether their colours are those of things."""

from pathlib import Path

import torch
from torch import Tensor

from models.classifier import centre_square, load_classifier
from models.metrics import frechet_distance
from pipelines.evaluate.paint import Coloured
from pipelines.evaluate.report import Figures, Section

KINDS = ("ours", "gray", "true")


def read_labels(path: Path) -> dict[str, int]:
    """The class of each picture, as the number of the classifier's output, by the stem of its file name.

    Args:
        path: a line for each picture: its key, a tab or spaces, the number.

    Raises:
        ValueError: a line is not of this form; it names the file and the line.
    """
    labels = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            key, label = line.split()
            labels[key] = int(label)
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: a line must be a key and a class's number") from error
    return labels


class Judge:
    """Looks at pictures one by one, and sums up."""

    def __init__(self, weights: Path, labels: dict[str, int] | None = None) -> None:
        self.classifier = load_classifier(weights)
        self.labels = labels or {}
        self.features: list[Tensor] = []
        self.classes: list[Tensor] = []
        self.right: list[int | None] = []

    @torch.inference_mode()
    def look(self, coloured: Coloured) -> None:
        """Takes in one picture: ours, gray and true."""
        squares = torch.cat([centre_square(coloured.rgb[kind]) for kind in KINDS])
        features, logits = self.classifier(squares)
        self.features.append(features)
        self.classes.append(logits.argmax(dim=1))
        self.right.append(self.labels.get(coloured.key))

    def sections(self) -> list[Section]:
        """Fréchet distance to the true pictures, and how often, in %, the first class is theirs or the label's."""
        classes, count = torch.stack(self.classes), len(self.classes)
        figures: Figures = {"top-1 as on the true picture": self._shares(classes, classes[:, 2])}
        if count > 1:  # one picture has no spread
            ours, gray, true = torch.stack(self.features).unbind(1)
            distances = (float(frechet_distance(features, true)) for features in (ours, gray))
            figures["Fréchet distance, MobileNetV2"] = dict(zip(KINDS, distances, strict=False))
        found = [Section("seen by the classifier", count, figures)]
        named = [i for i, label in enumerate(self.right) if label is not None]
        if named:
            right = torch.tensor([self.right[i] for i in named])
            found.append(Section("labelled pictures", len(named), {"top-1": self._shares(classes[named], right)}))
        return found

    @staticmethod
    def _shares(classes: Tensor, right: Tensor) -> dict[str, float]:
        shares = 100 * (classes == right[:, None]).double().mean(dim=0)
        return dict(zip(KINDS, shares.tolist(), strict=True))
