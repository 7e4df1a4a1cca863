"""(framework, architecture, tag) => where the weights are published, as the framework itself says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from headstart.backbones.keras.publication import IMAGENET, published_file
from headstart.backbones.spec import KERAS, POCKET
from headstart.errors import BackboneError, WeightsMissingError
from headstart.storage.download import Download

HUB = "https://huggingface.co"
_PREFIX = re.compile(r"-([0-9a-f]{8,64})\.(?:pth|pt|safetensors)$")
_IMAGENET_CLASSES = 1000


@dataclass(frozen=True)
class Published:
    """Weights that a framework publishes.

    Attributes:
        framework: "torchvision", "timm" or "keras".
        architecture: the framework's name of the network.
        tag: the framework's name of these weights.
        url: https address.
        filename: what to call the file on this disk.
        sha256_prefix: first digits of its SHA-256, or all of them, where they are published.
        md5: its MD5, where nothing stronger is published: it shows accidents, and would not show an attacker.
        about: bytes, roughly, where that is published.
        licence: of the weights, "unknown" where the framework does not say.
        classes: "imagenet-1k" where the framework says so.
    """

    framework: str
    architecture: str
    tag: str
    url: str
    filename: str
    sha256_prefix: str | None = None
    md5: str | None = None
    about: int | None = None
    licence: str = "unknown"
    classes: Literal["imagenet-1k"] | None = None

    @property
    def backbone(self) -> str:
        """The full name, "torchvision:vgg16@IMAGENET1K_V1"."""
        return f"{self.framework}:{self.architecture}@{self.tag}"

    @property
    def has_digest(self) -> bool:
        """Whether wrong bytes would be noticed the first time."""
        return bool(self.sha256_prefix or self.md5)

    @property
    def fetch_command(self) -> str:
        """What fetches them."""
        return f"headstart weights fetch {self.backbone}" + ("" if self.has_digest else " --trust-first")

    @property
    def add_command(self) -> str:
        """What adds the file when somebody brings it by hand."""
        name = f"{self.framework}:{self.architecture}"
        return f"headstart weights add {self.filename} --backbone {name} --tag {self.tag}"

    def to_download(self, pinned: str | None = None) -> Download:
        """What the downloader needs to know.

        Args:
            pinned: full SHA-256 from an earlier fetch.
        """
        return Download(
            self.url,
            self.filename,
            sha256=pinned,
            sha256_prefix=self.sha256_prefix,
            md5=self.md5,
            about=self.about,
            by_hand=self.add_command,
        )


def published(framework: str, architecture: str, tag: str | None = None) -> Published:
    """Look up where a framework publishes the weights of a network. Opens no connection.

    Args:
        framework: "torchvision", "timm" or "keras".
        architecture: the framework's name of the network.
        tag: the framework's name of the weights; None: its default.

    Keras has one file for each network with its default options (`MobileNet(alpha=1)`), and its digest is an
    MD5, a SHA-256 or missing.

    Raises:
        BackboneError: the framework publishes no such weights; names those that it does.

    Example:
        >>> published("torchvision", "mobilenet_v2").url
        'https://download.pytorch.org/models/mobilenet_v2-7ebf99e0.pth'
    """
    if framework == "torchvision":
        return _from_torchvision(architecture, tag)
    if framework == "timm":
        return _from_timm(architecture, tag)
    if framework == KERAS:
        return _from_keras(architecture, tag)
    if framework == POCKET:
        raise BackboneError(f"{POCKET} comes with headstart: there is nothing to fetch")
    raise BackboneError(
        f"{framework!r} publishes no weights that headstart knows; torchvision, timm and keras do"
    )


def default_tag(framework: str, architecture: str) -> str | None:
    """The tag that a framework uses where none is given, None where it publishes nothing.

    Args:
        framework: "torchvision", "timm" or "keras".
        architecture: the framework's name of the network.
    """
    if framework == KERAS:
        return IMAGENET  # the only one; Keras need not be loaded to say so
    try:
        return published(framework, architecture).tag
    except BackboneError:
        return None


def missing_weights(framework: str, architecture: str, tag: str | None = None) -> WeightsMissingError:
    """The error for weights that are not at hand: which file, where it is published, what gets it.

    Args:
        framework: "torchvision", "timm" or "keras".
        architecture: the framework's name of the network.
        tag: the tag asked for; None: the framework's default.

    Returns:
        The error, to be raised.

    Example:
        >>> print(str(missing_weights("torchvision", "vgg16"))[:68])
        the weights of torchvision:vgg16@IMAGENET1K_V1 are not at hand: vgg1
    """
    name = f"{framework}:{architecture}"
    try:
        known = published(framework, architecture, tag)
    except BackboneError as error:
        return WeightsMissingError(
            f"the weights of {name}{f'@{tag}' if tag else ''} are not at hand, and {error}; if you "
            f"have them, run `headstart weights add FILE --backbone {name} --tag {tag or 'TAG'}`"
        )
    return WeightsMissingError(
        f"the weights of {known.backbone} are not at hand: {known.filename}{_size(known)} from {known.url}"
        f"{_weakness(known)}; run `{known.fetch_command}`, or get the file on any machine and run "
        f"`{known.add_command}`"
    )


def _size(known: Published) -> str:
    return f" ({known.about / 1e6:,.1f} MB)" if known.about else ""


def _weakness(known: Published) -> str:
    if known.sha256_prefix or not known.md5:
        return ""
    return f" (MD5 {known.md5}, the only digest published, shows accidents and no attacker)"


def _from_torchvision(architecture: str, tag: str | None) -> Published:
    from torchvision.models import get_model_weights

    try:
        weights: Any = get_model_weights(architecture)
    except ValueError as error:
        raise BackboneError(f"torchvision publishes no weights for {architecture!r}") from error
    tags = list(weights.__members__)
    if tag is not None and tag not in tags:
        raise BackboneError(
            f"torchvision publishes no weights {tag!r} for {architecture}, only {', '.join(tags)}"
        )
    chosen = weights[tag] if tag else weights.DEFAULT
    size = chosen.meta.get("_file_size")
    return Published(
        framework="torchvision",
        architecture=architecture,
        tag=chosen.name,
        url=chosen.url,
        filename=_last_part(chosen.url),
        sha256_prefix=_prefix_in(chosen.url),
        about=round(size * 1024 * 1024) if size else None,
        licence=chosen.meta.get("license", "unknown"),
        classes="imagenet-1k" if len(chosen.meta.get("categories") or ()) == _IMAGENET_CLASSES else None,
    )


def _from_timm(architecture: str, tag: str | None) -> Published:
    import timm

    try:
        config = timm.models.get_pretrained_cfg(f"{architecture}.{tag}" if tag else architecture)
    except RuntimeError:  # timm's way to say that it does not know the tag
        config = None
    if config is None or not (config.url or config.hf_hub_id):
        tags = [name.partition(".")[2] for name in timm.list_pretrained(f"{architecture}.*")]
        only = f", only {', '.join(tags)}" if tags else ""
        raise BackboneError(
            f"timm publishes no weights {tag or ''} for {architecture!r}{only}".replace("  ", " ")
        )
    found = config.tag or "default"
    prefix = None if config.custom_load else _prefix_in(config.url or "")
    # A file with a published digest is worth more than the hub's copy, for which there is none.
    url = (
        config.url
        if prefix or not config.hf_hub_id
        else _hub_address(config.hf_hub_id, config.hf_hub_filename)
    )
    return Published(
        framework="timm",
        architecture=architecture,
        tag=found,
        url=url,
        filename=_last_part(url) if prefix else f"{architecture}.{found}{_suffix(url)}",
        sha256_prefix=prefix,
        licence=config.license or "unknown",
        classes="imagenet-1k" if config.num_classes == _IMAGENET_CLASSES else None,
    )


def _from_keras(architecture: str, tag: str | None) -> Published:
    if tag not in (None, IMAGENET):
        raise BackboneError(f"keras publishes no weights {tag!r} for {architecture}, only {IMAGENET}")
    file = published_file(architecture)
    return Published(
        framework=KERAS,
        architecture=architecture,
        tag=IMAGENET,
        url=file.url,
        filename=file.filename,
        sha256_prefix=file.sha256,
        md5=file.md5,
        classes="imagenet-1k",
    )


def _hub_address(hub_id: str, filename: str | None) -> str:
    name, _, revision = hub_id.partition("@")
    return f"{HUB}/{name}/resolve/{revision or 'main'}/{filename or 'model.safetensors'}"


def _last_part(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2]


def _suffix(url: str) -> str:
    return ".safetensors" if url.endswith(".safetensors") else ".pth"


def _prefix_in(url: str) -> str | None:
    found = _PREFIX.search(url)
    return found.group(1) if found else None
