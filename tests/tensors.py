"""Whether two models hold the same numbers."""

from pathlib import Path

from headstart.storage.checksums import digest_of


def tensors(model):
    """The digest of each file of tensors: bytes that differ would be compared one by one, for minutes."""
    return {path.name: digest_of(path) for path in Path(model).glob("*.safetensors")}
