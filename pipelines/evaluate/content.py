"""Coloured pictures shown to a classifier: whether it recognises in them what it does in the true ones."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from models.judges.classifier import centre_square, load_classifier
from models.measures.metrics import frechet_distance
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


@dataclass
class _Answers:
    """The classifier's answers for one part, picture after picture."""

    features: list[Tensor] = field(default_factory=list)
    """(3, 1280) each: of ours, gray and true."""
    classes: list[Tensor] = field(default_factory=list)
    """(3,) each."""

    def figures(self) -> Figures:
        """How often, in %, the first class is the true picture's, and the Fréchet distance to the true pictures."""
        classes = torch.stack(self.classes)
        figures: Figures = {"top-1 as on the true picture": _shares(classes, classes[:, 2])}
        if len(classes) > 1:  # one picture has no spread
            ours, gray, true = torch.stack(self.features).unbind(1)
            distances = (float(frechet_distance(features, true)) for features in (ours, gray))
            figures["Fréchet distance, MobileNetV2"] = dict(zip(KINDS, distances, strict=False))
        return figures


def _shares(classes: Tensor, right: Tensor) -> dict[str, float]:
    shares = 100 * (classes == right[:, None]).double().mean(dim=0)
    return dict(zip(KINDS, shares.tolist(), strict=True))


class ContentJudge:
    """Shows coloured pictures to a classifier, one by one, and sums up what it sees in them."""

    def __init__(self, weights: Path, labels: dict[str, int] | None = None) -> None:
        self.classifier = load_classifier(weights)
        self.labels = labels or {}
        self.answers: dict[str, _Answers] = {}
        self.named: list[tuple[Tensor, int]] = []
        """Classes of a whole picture, and the one of its label."""

    @torch.inference_mode()
    def add(self, coloured: Coloured, parts: Iterable[tuple[str, Tensor]]) -> None:
        """Adds the classifier's answers for one picture: ours, gray and true.

        Args:
            coloured: the picture.
            parts: titles and where they are, (H, W) bool, the whole picture first. Outside of a part all three have
                the true colours, so that what the classifier sees otherwise is due to the part alone.
        """
        rgb = coloured.rgb
        true = self.classifier(centre_square(rgb["true"]))
        for title, mask in parts:
            changed = [torch.where(mask, rgb[kind], rgb["true"]) for kind in KINDS[:2]]
            ours_and_gray = self.classifier(torch.cat([centre_square(picture) for picture in changed]))
            features, logits = (torch.cat(pair) for pair in zip(ours_and_gray, true, strict=True))
            answers = self.answers.setdefault(title, _Answers())
            answers.features.append(features)
            answers.classes.append(logits.argmax(dim=1))
        if coloured.key in self.labels:
            whole = next(iter(self.answers.values()))
            self.named.append((whole.classes[-1], self.labels[coloured.key]))

    def sections(self) -> list[Section]:
        """Figures of each part, and how often, in %, the first class is the label's."""
        found = [
            Section(f"classifier, {title}", len(answers.classes), answers.figures())
            for title, answers in self.answers.items()
        ]
        if self.named:
            classes, right = zip(*self.named, strict=True)
            shares = _shares(torch.stack(classes), torch.tensor(right))
            found.append(Section("labelled pictures", len(right), {"top-1": shares}))
        return found
