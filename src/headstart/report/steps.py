"""(model folder) -> what to do with it next, in lines to copy."""

from __future__ import annotations

from headstart.report.facts import NextStep
from headstart.report.text import shell_word


def usual_steps(model: str) -> tuple[NextStep, ...]:
    """Commands and Python lines that use the model at this path.

    Example:
        >>> usual_steps("my model")[0].lines
        ("headstart predict 'my model' photo.jpg",)
    """
    word = shell_word(model)
    return (
        NextStep("Ask it about photos", (f"headstart predict {word} photo.jpg",)),
        NextStep(
            "Measure it on photos of your own, in a folder for each class",
            (f"headstart evaluate {word} other-photos/",),
        ),
        NextStep(
            "The same in Python",
            (
                "import headstart",
                f"model = headstart.load_model({model!a})",
                'headstart.predict(model, ["photo.jpg"])',
                "model.to_torch()  # pixels to probabilities, one torch.nn.Module",
            ),
        ),
    )
