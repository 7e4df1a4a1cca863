"""(who imports what, in any order) => no process that aborts: triton never comes after TensorFlow.

Both carry a copy of LLVM, and triton's, loaded second, ends the process without a traceback ("inconsistency
in registered CommandLine options"). torchvision, timm and parts of torch load triton on their way. So where
TensorFlow is loaded already, triton counts as not installed: torch is prepared for that, and misses it for
`torch.compile` on graphics cards alone.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from types import ModuleType

TRITON, TENSORFLOW = "triton", "tensorflow"


class TritonGuard:
    """A finder of modules that keeps triton out once TensorFlow is in."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:  # noqa: ARG002
        """Find nothing, for others to find it; or refuse, for all of them.

        Raises:
            ModuleNotFoundError: triton is asked for, too late.
        """
        if name == TRITON and sys.modules.get(TENSORFLOW) is not None:
            keep_triton_out()
            raise ModuleNotFoundError(
                "triton can't be loaded after tensorflow; import headstart and torch before tensorflow",
                name=TRITON,
            )


def guard_the_order() -> None:
    """See to the order from here on, in this process; `import headstart` does."""
    if not any(isinstance(each, TritonGuard) for each in sys.meta_path):
        sys.meta_path.insert(0, TritonGuard())
    if sys.modules.get(TENSORFLOW) is not None and TRITON not in sys.modules:
        keep_triton_out()


def keep_triton_out() -> None:
    """Let every later import of triton fail as if it were not installed."""
    sys.modules[TRITON] = cast("ModuleType", None)
