"""A program that PyInstaller made of the README's first call runs."""

import subprocess
import sys

import pytest

PROGRAM = """
import numpy as np

import nb_sepconv as tf

x = np.random.default_rng(0).standard_normal((8, 400, 16), dtype=np.float32)
with tf.variable_scope("encoder"):
    h = tf.layers.separable_conv1d(x, 64, 9, padding="same", activation=tf.nn.relu, name="sep1")
    y = tf.layers.separable_conv1d(h, 32, 5, strides=2, depth_multiplier=2, name="sep2")
tf.train.GradientDescentOptimizer(0.1).apply_gradients([(np.zeros(v.shape), v) for v in tf.trainable_variables()])
keras = tf.keras.layers.SeparableConv1D(4, 3, activation="celu")(x)
print(y.shape, keras.shape, tf.regularizers.L2(0.5)(np.float32([2])).item())
"""


@pytest.mark.slow
def test_a_frozen_program_runs(tmp_path):
    """It ended in a ModuleNotFoundError for modules that are loaded by name."""
    (tmp_path / "program.py").write_text(PROGRAM)
    build = [sys.executable, "-m", "PyInstaller", "--onedir", "--noconfirm", "--log-level", "ERROR", "program.py"]
    subprocess.run(build, cwd=tmp_path, check=True)
    run = subprocess.run([tmp_path / "dist" / "program" / "program"], check=True, capture_output=True, text=True)
    assert run.stdout.split("\n")[0] == "(8, 198, 32) (8, 398, 4) 2.0"
