"""A result signed as content credentials (C2PA) have it, by a key that a person gives."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipelines import DISTRIBUTION, product_version
from pipelines.errors import OutputError
from pipelines.job.job import Job
from pipelines.proof.origin import digital_source_type

MIME = {"mp4": "video/mp4", "mov": "video/quicktime"}
"""Of the containers that are signed."""
READ = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".qt": "video/quicktime",
    ".avi": "video/avi",
}
"""Of films whose own credentials are kept within the result's."""
SOURCE = "source"
"""The film, among a result's ingredients."""


def signed(job: Job, whole: Path, origin: Mapping[str, str]) -> Path:
    """A result that is whole, signed where that is asked for: another file beside it then, itself otherwise.

    The film is its ingredient, with credentials of its own where it has any; actions: opened, colours adjusted, edited.

    Raises:
        OutputError: certificate and key do not sign.
    """
    if job.settings.c2pa_cert is None:
        return whole
    import c2pa

    out = whole.with_name(f"{whole.name}.signed")
    try:
        builder, signer = c2pa.Builder(_manifest(job, origin)), _signer(job)
        kind = READ.get(job.film.path.suffix.lower())
        if kind is not None and job.film.scans is None:
            with job.film.path.open("rb") as film:
                builder.add_ingredient(_ingredient(job), kind, film)
        with whole.open("rb") as before, out.open("w+b") as after:
            builder.sign(signer, MIME[job.container], before, after)
    except (c2pa.C2paError, ValueError) as error:
        what = f"cannot be signed ({' '.join(str(error).split())})"
        raise OutputError(job.out, what, "check --c2pa-cert, the leaf with its chain, and --c2pa-key") from error
    return out


def _ingredient(job: Job) -> dict[str, str]:
    return {"title": job.film.name, "relationship": "parentOf", "instance_id": SOURCE, "label": SOURCE}


def _manifest(job: Job, origin: Mapping[str, str]) -> dict[str, Any]:
    """The C2PA manifest: claims about the result."""
    agent = {"name": DISTRIBUTION, "version": product_version()}
    is_read = job.film.path.suffix.lower() in READ and job.film.scans is None
    kind = {"digitalSourceType": digital_source_type(origin), "softwareAgent": agent}
    colours = [{"action": "c2pa.color_adjustments", **kind}] if "colours" in origin else []
    said = "; ".join(f"{name}: {text}" for name, text in origin.items())
    actions = [
        {"action": "c2pa.opened", "parameters": {"ingredientIds": [SOURCE]}},
        *colours,
        {"action": "c2pa.edited", **kind, "parameters": {"description": said}},
    ]
    return {
        "claim_generator_info": [{**agent, "c2pa-python": version("c2pa-python")}],
        "title": job.out.name,
        "format": MIME[job.container],
        "ingredients": [] if is_read else [_ingredient(job)],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
    }


def _signer(job: Job) -> Any:
    import c2pa

    settings = job.settings
    if settings.c2pa_cert is None or settings.c2pa_key is None:
        raise ValueError("certificate or key is missing")
    key = settings.c2pa_key.read_bytes()
    info = c2pa.C2paSignerInfo(_algorithm(key), settings.c2pa_cert.read_bytes(), key, None)
    return c2pa.Signer.from_info(info)


def _algorithm(key: bytes) -> bytes:
    """The signature algorithm of a private key in PEM, by C2PA's name."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = load_pem_private_key(key, password=None)
    except TypeError as error:  # it has a password
        raise ValueError(str(error)) from error
    if isinstance(found, ec.EllipticCurvePrivateKey) and found.curve.key_size in (256, 384):
        return f"es{found.curve.key_size}".encode()
    if isinstance(found, rsa.RSAPrivateKey):
        return b"ps256"
    if isinstance(found, ed25519.Ed25519PrivateKey):
        return b"ed25519"
    raise ValueError("C2PA signs with keys of P-256, P-384, RSA or Ed25519")
