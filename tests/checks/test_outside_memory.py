"""Arrays in files and stores: small ones are loaded, large ones are refused."""

import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv import ops
from nb_sepconv.checks import outside_memory
from nb_sepconv.checks.outside_memory import is_stored, refuse_outside_memory

WEIGHTS = [np.ones(shape, np.float32) for shape in ((3, 4, 1), (4, 2))]
SMALL, LARGE = (1, 20, 4), (1, 10_000_000, 4)


def of_zarr(shape, folder):
    return pytest.importorskip("zarr").create_array(store={}, shape=shape, dtype="float32", chunks=(1, 100_000, 4))


def of_h5py(shape, folder):
    file = pytest.importorskip("h5py").File(folder / f"{shape[1]}.h5", "w")
    return file.create_dataset("x", shape, "float32", chunks=True)


class Stored:
    """An array of a library that has types of its own, as TensorStore has."""

    class Type:
        def __str__(self):
            return 'dtype("float32")'

    def __init__(self, shape):
        self.shape, self.dtype = shape, self.Type()

    def __array__(self, dtype=None, copy=None):
        assert self.shape == SMALL
        return np.zeros(self.shape, np.float32)


def of_another(shape, folder):
    return Stored(shape)


@pytest.mark.parametrize("make", [of_zarr, of_h5py, of_another])
def test_small_ones_are_loaded_and_large_ones_refused(make, tmp_path):
    small = make(SMALL, tmp_path)
    assert is_stored(small)
    layers = tf.layers.SeparableConv1D(2, 3), tf.keras.layers.SeparableConv1D(2, 3), tf.layers.Dense(2)
    for call in (lambda x: ops.separable_conv1d(x, *WEIGHTS), *layers):
        np.testing.assert_array_equal(call(small), call(np.zeros(SMALL, np.float32)))
    large = make(LARGE, tmp_path)
    for call in (lambda x: ops.separable_conv1d(x, *WEIGHTS), *layers):
        message = (
            r"`inputs` of more than 128 MiB must be in memory.*`batch.apply` or `dask.array.from_array`.*, 153 MiB"
        )
        with pytest.raises(ValueError, match=message):
            call(large)


def test_a_data_array_in_memory_is_taken_and_one_of_dask_refused(monkeypatch):
    xarray = pytest.importorskip("xarray")
    monkeypatch.setattr(outside_memory, "MOST_LOADED_BYTES", 100)
    x = xarray.DataArray(np.ones(SMALL, np.float32), dims=("n", "time", "channel"))
    assert ops.separable_conv1d(x, *WEIGHTS).shape == (1, 18, 2)
    da = pytest.importorskip("dask.array")
    message = r"`inputs` holds a Dask array, .*: pass `.data`.*Received: xarray.DataArray of shape \(1, 20, 4\)"
    for call in (lambda x: ops.separable_conv1d(x, *WEIGHTS), tf.layers.SeparableConv1D(2, 3)):
        with pytest.raises(TypeError, match=message):
            call(x.copy(data=da.from_array(x.values)))


def test_tracers_of_jax_are_refused_with_the_way_out():
    jax = pytest.importorskip("jax")
    layers = tf.layers.SeparableConv1D(2, 3), tf.keras.layers.SeparableConv1D(2, 3), tf.layers.Dense(2)
    for call in (lambda x: ops.separable_conv1d(x, *WEIGHTS), *layers):
        y = call(jax.numpy.ones(SMALL))
        message = r"`inputs` has no values inside `jax.jit` .*`nb_sepconv.interop.jax.separable_conv1d`.*Received: jax"
        with pytest.raises(TypeError, match=message):
            jax.jit(call)(jax.numpy.ones(SMALL))
        np.testing.assert_array_equal(call(np.ones(SMALL, np.float32)), y)


class Unreadable:
    """An array of a library whose errors are not made of a message, as JAX's are not."""

    class Error(TypeError):
        def __init__(self, array):
            super().__init__(f"cannot read {array.shape}")

    shape, dtype = SMALL, np.dtype(np.float32)

    def __array__(self, dtype=None, copy=None):
        raise self.Error(self)


def test_errors_of_other_libraries_are_told_by_pythons_own():
    with pytest.raises(TypeError, match=r"`inputs` must be an array of .*Received: Unreadable \(cannot read"):
        ops.separable_conv1d(Unreadable(), *WEIGHTS)
    with pytest.raises(TypeError, match=r"`chunk` must be an array of float32\. Received: Unreadable \(cannot read"):
        tf.streaming.Stream(WEIGHTS[0], WEIGHTS[1]).push(Unreadable())


def test_what_shows_its_memory_is_taken_at_any_size(monkeypatch):
    monkeypatch.setattr(outside_memory, "MOST_LOADED_BYTES", 0)
    mapped = np.zeros(SMALL, np.float32).view(np.memmap)
    for value in (np.zeros(3), np.float32(1), [1.0], 2.0, tf.Variable([1.0]), mapped, tf.zeros([3])):
        assert not is_stored(value)
        refuse_outside_memory("x", value)
    jax = pytest.importorskip("jax")
    refuse_outside_memory("x", jax.numpy.ones(3))


@pytest.mark.parametrize(
    ("dtype", "hint"),
    [
        (
            "int16",
            r"; convert integers by `inputs.astype\(numpy.float32\)`, divided by 32768 where they stand for -1 to 1",
        ),
        ("int32", ", divided by 2147483648 where"),
        ("uint8", r"; convert integers by `inputs.astype\(numpy.float32\)`\. Received"),
        ("bool", r"float64\. Received"),
    ],
)
def test_integers_are_told_how_to_become_floats(dtype, hint):
    x = np.ones(SMALL, dtype)
    with pytest.raises(TypeError, match=rf"`inputs` must be an array of .*{hint}"):
        ops.separable_conv1d(x, *WEIGHTS)
    for layers in (tf.layers, tf.keras.layers):
        with pytest.raises(TypeError, match=rf"`inputs` of the layer .*{hint}"):
            layers.SeparableConv1D(2, 3)(x)
