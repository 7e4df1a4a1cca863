"""These tests need Keras on TensorFlow: `test_tensorflow.py` runs them in a process of their own."""

import os

collect_ignore_glob = [] if os.environ.get("KERAS_BACKEND") == "tensorflow" else ["test_*.py"]
