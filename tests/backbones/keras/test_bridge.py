"""What TensorFlow says is wrong, as people read it."""

from headstart.backbones.keras.bridge import _said

MESSAGE = """Graph execution error:

Detected at node relu defined at (most recent call last):
  File "/home/user/train.py", line 7, in <module>

  File "/home/user/site-packages/keras/src/layers/relu.py", line 66, in call

Incompatible shapes: [1,2] vs. [3]
\t [[{{node relu}}]] [Op:__inference_graph_12]"""


def test_tensorflows_own_words_are_kept_and_nobodys_paths():
    assert _said(MESSAGE) == "Incompatible shapes: [1,2] vs. [3]"


def test_words_without_end_are_cut():
    assert len(_said("x" * 1000)) == 300
