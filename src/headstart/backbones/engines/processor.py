"""() => the kind of processor, known without loading a framework: other kinds round differently."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path

_INSTRUCTIONS = (
    "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_int8",
    "avx_vnni", "asimd", "asimddp", "bf16", "i8mm", "sve",
)  # fmt: skip
"""Those that decide which code the engines run."""

_FORCED = "ATEN_CPU_CAPABILITY"  # torch's own switch between its instruction sets


@cache
def cpu_kind() -> str:
    """The processor's name and the instructions that engines choose by.

    Example:
        >>> cpu_kind() == cpu_kind() != ""
        True
    """
    name = _cpuinfo().get("model name") or platform.processor() or platform.machine()
    has = cpu_flags()
    instructions = " ".join(each for each in _INSTRUCTIONS if each in has)
    forced = os.environ.get(_FORCED)
    return ", ".join(part for part in (name, instructions, forced and f"{_FORCED}={forced}") if part)


def cpu_flags() -> set[str]:
    """What Linux says that the processor can do; empty elsewhere."""
    facts = _cpuinfo()
    return set((facts.get("flags") or facts.get("Features") or "").split())


@cache
def gpu_kind() -> str:
    """The names of NVIDIA's cards in this machine, as their driver lists them; "" where there is none."""
    try:
        places = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
        texts = [place.read_text(encoding="utf-8", errors="replace") for place in places]
    except OSError:
        return ""
    lines = (line for text in texts for line in text.splitlines())
    return ", ".join(line.partition(":")[2].strip() for line in lines if line.startswith("Model"))


@cache
def _cpuinfo() -> dict[str, str]:
    """What Linux says of the first processor; {} elsewhere."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.partition("\n\n")[0].splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}
