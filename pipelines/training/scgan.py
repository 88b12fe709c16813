"""Trains SCGAN (Zhao et al., IEEE TCSVT 2020, arXiv 2011.11377) in its two stages, by its authors' losses."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.colour.colorspace import gray_of
from models.judges.perceptual import Perceptual, load_perceptual
from models.measures.adversarial import gradient_penalty, wasserstein
from models.published.scgan import Discriminator
from models.published.spectral_training import begin_as_scgan, plain_state, with_scgan_norm
from models.weights.files import write_weights
from pipelines.media.maps import SaliencyMaps
from pipelines.training import loop
from pipelines.training.crops import CropSettings, squares
from pipelines.training.examples import Sources, examples
from pipelines.training.optimise import check_finite
from pipelines.training.saliency import WithSaliency
from pipelines.training.scgan_config import ScganConfig
from pipelines.training.scgan_start import begun, saliency_network, shape_of
from pipelines.training.tensorboard import SHOWN, rows_of_pictures

BETAS = (0.5, 0.999)
"""Of Adam, as published."""


class ScganTrainer(loop.Trainer):
    """A stage of SCGAN: a generator, and in stage 2 one or two discriminators.

    Args:
        sources: its pictures; among the others may be `saliency` (maps, or weights of a network that finds them),
            `masks` (class maps), `content` and `perceptual` (weights).
        config: of the run.
        start: weights of the generator to start from.
        device: where it runs.

    Raises:
        ValueError: a source is not what it should be.
    """

    def __init__(self, sources: Sources, config: ScganConfig, start: Path | None, device: torch.device) -> None:
        self.config, self.device = config, device
        given = dict(sources.others)
        is_network = "saliency" in given and given["saliency"].suffix == ".safetensors"
        if is_network and "masks" in given:
            raise ValueError(f"{given['saliency']}: finds saliency in all pictures, without --masks; leave one out")
        self.finder = saliency_network(given.pop("saliency")).to(device) if is_network else None
        maps = None
        if given.keys() & {"saliency", "masks"}:
            maps = SaliencyMaps(given.get("saliency"), given.get("masks"))
        elif config.saliency_weight and not self.finder:
            raise ValueError("no saliency to learn from; give --saliency or --masks, or --set saliency_weight=0.0")
        self.data = examples(sources, config.held_out, among=maps.keys if maps else None)
        self.pictures = WithSaliency(self.data, maps) if maps else self.data
        torch.manual_seed(config.seed)
        generator, taken = begun(start, config, given.get("content"))
        self.generator = generator.to(device)
        self.perceptual: Perceptual | None = None
        critics: list[Discriminator] = []
        if config.stage == 2:
            critics = [Discriminator(config.width) for _ in range(config.discriminators)]
            if config.perceptual_weight:
                self.perceptual = load_perceptual(given.get("perceptual"), "scgan").to(device)
        for critic in critics:
            begin_as_scgan(critic)
            with_scgan_norm(critic)
        self.critics = [critic.to(device) for critic in critics]
        networks = {"generator": self.generator} | {f"critic{i}": critic for i, critic in enumerate(self.critics, 1)}
        self.optimizers = {
            f"{name}_optimizer": torch.optim.Adam(network.parameters(), betas=BETAS)
            for name, network in networks.items()
        }
        self.parts = {**networks, **self.optimizers}
        self.tensors = {}
        about = {"content_tensors": taken, "perceptual": self.perceptual.name if self.perceptual else ""}
        self.metadata = {name: value for name, value in about.items() if value}

    def begin(self, log: Callable[[str], None]) -> None:
        """Says how many tensors of another network it begins with."""
        if taken := self.metadata.get("content_tensors"):
            log(f"{taken} tensors of the features of content are those of --content")

    def batches(self, steps: range) -> Iterator[Tensor]:
        """sRGB 0..1 and, where maps are given, the map: (batch, 3 or 4, side, side)."""
        config = self.config
        settings = CropSettings(config.side, config.zoom, seed=config.seed)
        cut = squares(self.pictures, self.data.boxes, settings, config.batch, steps, config.workers, self.data.chances)
        return (pictures.float() / 255 for pictures, _ in cut)

    def learn(self, step: int, batch: Tensor) -> dict[str, Tensor]:
        """Takes a step of each discriminator, then one of the generator."""
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = self.config.rate(step, len(self.data))
        batch = batch.to(self.device)
        rgb, gray = batch[:, :3], gray_of(batch[:, :3])
        if not self.config.saliency_weight:
            seen = [(self.generator(gray), rgb)]
        else:
            given = batch[:, 3:] if batch.shape[1] > 3 else self._found(gray)
            coloured, found = self.generator.with_saliency(gray)
            seen = [(coloured, rgb), (coloured * found, rgb * given)]
        terms = self._critic_steps(gray, seen, step)
        own = self._generator_terms(gray, seen)
        check_finite("the loss", own.values(), step + 1)
        self._step("generator", torch.stack(list(own.values())).sum())
        return own | terms

    def write(self, out: Path, metadata: dict[str, str]) -> None:
        """Writes the generator as it is used: norms divided out, in half precision but for vectors."""
        state = {
            key: (value.half() if value.is_floating_point() and value.ndim > 1 else value).cpu().contiguous()
            for key, value in plain_state(self.generator).items()
        }
        write_weights(state, out, {"network": "scgan", "config": json.dumps(shape_of(self.config))} | metadata)

    @torch.no_grad()
    def sheet(self) -> Tensor:
        """A few pictures that are the same each time."""
        settings = CropSettings(self.config.side, (1.0, 1.0), seed=self.config.seed + 2)
        cut, _ = next(squares(self.data, self.data.boxes, settings, SHOWN, range(1), workers=0))
        rgb = cut.float() / 255
        self.generator.eval()
        coloured = self.generator(gray_of(rgb).to(self.device)).cpu().clamp(0, 1)
        self.generator.train()
        return rows_of_pictures(gray_of(rgb).expand(-1, 3, -1, -1), coloured, rgb)

    @torch.no_grad()
    def _found(self, gray: Tensor) -> Tensor:
        """Maps by a network, at the pictures' size."""
        assert self.finder
        side = 2 ** (self.finder.depth - 1)
        small = F.interpolate(gray, size=(side, side), mode="bilinear", antialias=True)
        found = self.finder.with_saliency(small)[1]
        return F.interpolate(found, size=gray.shape[2:], mode="bilinear")

    def _critic_steps(self, gray: Tensor, seen: list[tuple[Tensor, Tensor]], step: int) -> dict[str, Tensor]:
        """Takes a step of each discriminator; their losses by name."""
        terms = {}
        for name, critic, (false, true) in self._judged(seen):
            judge = partial(critic, gray)
            shares = torch.rand(len(gray), 1, 1, 1).to(self.device)
            loss = wasserstein(judge(false.detach()), judge(true))
            loss = loss + self.config.penalty_weight * gradient_penalty(judge, true, false, shares)
            check_finite("the loss", [loss], step + 1)
            self._step(name, loss)
            terms[name] = loss
        return terms

    def _generator_terms(self, gray: Tensor, seen: list[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
        """Weighted terms of the generator's loss."""
        config = self.config
        weights = {"colour": config.l1_weight, "saliency": config.saliency_weight}
        terms = {name: weight * F.l1_loss(*pair) for (name, weight), pair in zip(weights.items(), seen, strict=False)}
        if self.perceptual:
            terms["perceptual"] = config.perceptual_weight * self.perceptual(*seen[0])
        if self.critics and config.adversarial_weight:
            scores = []
            for _, critic, (false, _) in self._judged(seen):
                critic.requires_grad_(False)
                scores.append(critic(gray, false).mean())
                critic.requires_grad_(True)
            terms["adversarial"] = -config.adversarial_weight * torch.stack(scores).sum()
        return terms

    def _judged(self, seen: list[tuple[Tensor, Tensor]]) -> Iterator[tuple[str, nn.Module, tuple[Tensor, Tensor]]]:
        """Each discriminator, its name, and the made and true pictures that it sees."""
        for number, (critic, pair) in enumerate(zip(self.critics, seen, strict=False), 1):
            yield f"critic{number}", critic, pair

    def _step(self, name: str, loss: Tensor) -> None:
        optimizer = self.optimizers[f"{name}_optimizer"]
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
