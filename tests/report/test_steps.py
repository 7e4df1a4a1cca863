"""Lines to copy name the model as it is."""

import ast

import pytest

from headstart.report.steps import usual_steps


@pytest.mark.parametrize("model", ["cats", "my model", "it's", 'a"b', "caf\udce9", "a\nb"])
def test_the_python_lines_hold_the_path(model):
    lines = usual_steps(model)[-1].lines
    texts = [node.value for node in ast.walk(ast.parse("\n".join(lines))) if isinstance(node, ast.Constant)]
    assert model in texts


def test_commands_quote_the_path():
    commands = [line for step in usual_steps("my model")[:-1] for line in step.lines]
    assert len(commands) == 2
    assert all("'my model'" in line for line in commands)
