"""SavedModels for tests, good and bad, written by a process of its own: `python savedmodels.py FOLDER`."""

import sys
from pathlib import Path

import numpy as np

from headstart.backbones.keras.runtime import keras, tensorflow

tf = tensorflow()
PHOTOS = [tf.TensorSpec([None, 16, 16, 3], name="photos")]


class Plain(tf.Module):
    def __init__(self):
        super().__init__()
        random = np.random.default_rng(0)
        self.kernel = tf.Variable(random.normal(size=(3, 3, 3, 8)).astype(np.float32), name="kernel")
        self.last = tf.Variable(random.normal(size=(8, 2)).astype(np.float32), name="kernel")
        self.fixed = tf.Variable(np.ones(8, np.float32), trainable=False, name="fixed")

    @tf.function(input_signature=PHOTOS)
    def serve(self, photos):
        maps = tf.nn.relu(tf.nn.conv2d(photos, self.kernel, 2, "SAME")) * self.fixed
        return {"maps": maps, "scores": tf.nn.softmax(tf.reduce_mean(maps, [1, 2]) @ self.last)}


class Writes(tf.Module):
    @tf.function(input_signature=PHOTOS)
    def serve(self, photos):
        tf.io.write_file("was-here", "x")
        return {"rows": tf.reduce_mean(photos, [1, 2])}


class Reads(tf.Module):
    @tf.function(input_signature=PHOTOS)
    def serve(self, photos):
        secret = tf.strings.length(tf.io.read_file("secret"))
        return {"rows": tf.reduce_mean(photos, [1, 2]) + tf.cast(secret, tf.float32)}


class Calls(tf.Module):
    @tf.function(input_signature=PHOTOS)
    def serve(self, photos):
        return {"rows": tf.py_function(lambda each: each, [photos], tf.float32)}


class Saves(tf.Module):
    @tf.function(input_signature=PHOTOS)
    def serve(self, photos):
        tf.raw_ops.SaveV2(prefix="was-here", tensor_names=["a"], shape_and_slices=[""], tensors=[photos])
        return {"rows": tf.reduce_mean(photos, [1, 2])}


class Hides(tf.Module):
    """A good signature, and beside it a function that is not served."""

    @tf.function(input_signature=PHOTOS)
    def serve(self, photos):
        return {"rows": tf.reduce_mean(photos, [1, 2])}

    @tf.function(input_signature=PHOTOS)
    def other(self, photos):
        tf.io.write_file("was-here", "x")
        return photos


class OnePhoto(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([1, 16, 16, 3])])
    def serve(self, photos):
        return {"rows": tf.reduce_mean(photos, [1, 2])}


def write(folder):
    plain = Plain()
    tf.saved_model.save(plain, str(folder / "plain"), signatures=plain.serve)
    for kind in (Writes, Reads, Calls, Saves, Hides, OnePhoto):
        made = kind()
        tf.saved_model.save(made, str(folder / kind.__name__.lower()), signatures=made.serve)
    pixels = np.random.default_rng(1).random((2, 16, 16, 3), np.float32)
    answers = {"pixels": pixels, "scores": plain.serve(255 * pixels)["scores"].numpy()}
    if keras().backend.backend() == "tensorflow":
        layers = keras().layers
        model = keras().Sequential(
            [
                keras().Input((16, 16, 3)),
                layers.Rescaling(1 / 127.5, offset=-1),
                layers.Conv2D(4, 3, activation="relu"),
                layers.BatchNormalization(),
                layers.GlobalAveragePooling2D(),
                layers.Dropout(0.5),
                layers.Dense(3, activation="softmax"),
            ]
        )
        model.export(str(folder / "keras"), verbose=False)
        answers["keras"] = model(255 * pixels, training=False).numpy()
    np.savez(folder / "answers.npz", **answers)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
