"""Operations, layers and stacks of Dask's arrays: lazy, as they say they are, and the bits of one call."""

import itertools
import pickle

import numpy as np
import pytest
from window_cases import DTYPES, FORMATS, dtype_of, same_bits

import nb_sepconv as tf
from nb_sepconv import ops
from nb_sepconv.convolution.geometry import geometry
from nb_sepconv.lazy import model as models

da = pytest.importorskip("dask.array")
from dask import compute, config  # noqa: E402
from dask.array.utils import assert_eq  # noqa: E402

PADDINGS = ("valid", "same", "causal", (2, 1), (7, 0))


@pytest.fixture(autouse=True)
def on_this_thread():
    with config.set(scheduler="sync"):
        yield


def operands(rng, kernel_size, dtype=np.float32, channels=3, multiplier=2, filters=2):
    shapes = (kernel_size, channels, multiplier), (channels * multiplier, filters), (filters,)
    return [rng.integers(-4, 5, shape).astype(dtype) for shape in shapes]


def series(rng, length, dtype=np.float32, channels=3, examples=2, data_format="channels_last"):
    shape = (examples, length, channels) if data_format == "channels_last" else (examples, channels, length)
    return rng.standard_normal(shape).astype(dtype)


def in_chunks(x, time, batch=None, channels=None, data_format="channels_last"):
    """``x`` as an array of Dask, in chunks of so many steps, examples and channels; all where None is given."""
    sizes = (batch, time, channels) if data_format == "channels_last" else (batch, channels, time)
    return da.from_array(x, tuple(size or -1 for size in sizes))


def computed(lazy):
    """The whole array from its blocks, each of the shape that the lazy array says it has."""
    delayed = lazy.to_delayed()
    blocks = np.empty(delayed.shape, object)
    for (index, _), block in zip(np.ndenumerate(delayed), compute(*delayed.ravel()), strict=True):
        assert block.shape == tuple(sizes[at] for sizes, at in zip(lazy.chunks, index, strict=True))
        blocks[index] = block
    return np.block(blocks.tolist())


def assert_same(lazy, expected):
    """The bits of ``expected``, and each chunk as the lazy array says it is."""
    assert isinstance(lazy, da.Array)
    outputs = lazy.compute()
    assert type(outputs) is np.ndarray
    assert same_bits(outputs, expected)
    assert (lazy.shape, lazy.dtype) == (expected.shape, expected.dtype)
    assert_eq(lazy, expected, check_graph=False)


@pytest.mark.parametrize("kernel_size", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", PADDINGS, ids=str)
def test_every_small_size_in_every_chunk(kernel_size, stride, padding):
    rng = np.random.default_rng(1)
    weights = operands(rng, kernel_size)
    for dilation, length in itertools.product((1, 2), (1, 2, 5, 8)):
        if geometry(length, kernel_size, stride, dilation, padding).output_length < 1:
            continue
        how = {"strides": stride, "padding": padding, "dilation_rate": dilation, "activation": "tanh"}
        x = series(rng, length)
        expected = ops.separable_conv1d(x, *weights, **how)
        for time in {1, 2, 3, length}:
            lazy = ops.separable_conv1d(in_chunks(x, time), *weights, **how)
            assert same_bits(computed(lazy), expected), (dilation, length, time)
            assert lazy.shape == expected.shape


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_types_and_formats_in_chunks_of_every_axis(dtype, data_format):
    rng = np.random.default_rng(2)
    dtype = dtype_of(dtype)
    x, weights = series(rng, 23, dtype, 4, 3, data_format), operands(rng, 4, dtype, 4)
    how = {"strides": 2, "padding": "same", "data_format": data_format, "dilation_rate": 3}
    expected = ops.separable_conv1d(x, *weights, **how)
    depthwise = ops.depthwise_conv1d(x, weights[0], **how)
    for time, batch, channels in ((2, 1, 1), (7, 2, 3), (7, 1, None), (None, 2, 1), (None, None, None)):
        chunked = in_chunks(x, time, batch, channels, data_format)
        assert_same(ops.separable_conv1d(chunked, *weights, **how), expected)
        assert_same(ops.depthwise_conv1d(chunked, weights[0], **how), depthwise)


@pytest.mark.parametrize("chunks", [((0,), (5,)), ((2,), (0, 5)), ((1, 1), (2, 0, 0, 3, 0)), ((2,), (0,))], ids=str)
def test_empty_chunks_and_series(chunks):
    rng = np.random.default_rng(3)
    examples, time = (sum(sizes) for sizes in chunks)
    x, weights = series(rng, time, examples=examples), operands(rng, 3)
    lazy = da.from_array(x, (*chunks, (1, 2)))
    for padding in ("causal", (4, 3)):
        assert_same(
            ops.separable_conv1d(lazy, *weights, padding=padding), ops.separable_conv1d(x, *weights, padding=padding)
        )


def layers_of_both_faces():
    yield tf.layers.SeparableConv1D(4, 5, activation="elu", padding="same", strides=2)
    yield tf.layers.SeparableConv1D(4, 4, dilation_rate=3, activation=lambda y: y * y)
    yield tf.layers.Conv1D(4, 4, strides=3, padding="same", activation="relu")
    yield tf.layers.Dense(4, activation="softmax")
    yield tf.layers.BatchNormalization()
    yield tf.layers.Dropout(0.5)
    yield tf.layers.MaxPooling1D(3, 2, padding="same")
    yield tf.layers.AveragePooling1D(2, 3)
    yield tf.keras.layers.SeparableConv1D(4, 4, padding="causal", dilation_rate=2, strides=2)
    yield tf.keras.layers.SeparableConv1D(4, 4, dtype="float64")
    yield tf.keras.layers.Conv1D(4, 3, padding="same")
    yield tf.keras.layers.Dense(4)
    yield tf.keras.Sequential([tf.keras.layers.ZeroPadding1D((3, 1)), tf.keras.layers.SeparableConv1D(4, 4, strides=2)])


@pytest.mark.parametrize("number", range(13))
def test_a_layer(number):
    rng = np.random.default_rng(4)
    layer, x = list(layers_of_both_faces())[number], series(rng, 31)
    lazy = [
        layer(in_chunks(x, time, batch, channels)) for time, batch, channels in ((1, 1, 2), (9, 2, 1), (None, 1, 3))
    ]
    assert layer.built
    expected = layer(x)
    for each in lazy:
        assert_same(each, expected)


def test_a_functional_call_and_its_variables():
    rng = np.random.default_rng(5)
    x = series(rng, 20)
    lazy = tf.layers.separable_conv1d(in_chunks(x, 6), 4, 3, name="s")
    assert tf.global_variables()[0].name == "s/depthwise_kernel:0"
    assert_same(lazy, np.asarray(tf.layers.separable_conv1d(x, 4, 3, name="s", reuse=True)))


def stack(data_format="channels_last"):
    how = {"data_format": data_format}
    return tf.Stack(
        tf.layers.SeparableConv1D(5, 5, activation="relu", padding="same", strides=2, **how),
        tf.layers.MaxPooling1D(2, 2, padding="same", **how),
        tf.keras.layers.SeparableConv1D(3, 3, padding="causal", dilation_rate=3, **how),
        tf.nn.relu,
        tf.layers.SeparableConv1D(2, 4, **how),
    )


@pytest.mark.parametrize("data_format", FORMATS)
def test_a_stack_is_one_layer_of_the_graph(data_format):
    rng = np.random.default_rng(6)
    x, model = series(rng, 61, data_format=data_format), stack(data_format)
    lazy = [model(in_chunks(x, time, 1, 2, data_format)) for time in (1, 2, 5, 13, None)]
    expected = np.asarray(model(x))
    for each in lazy:
        assert_same(each, expected)
        tasks = each.dask.layers[each.name]
        assert len(tasks) == each.npartitions + 1  # and the model
        assert len(each.dask.layers) == len(in_chunks(x, 1).dask.layers) + 1


@pytest.mark.parametrize("time", [1, 5, (4, 7, 1), (3, 8, 1), (1, 1, 9, 1)], ids=str)
@pytest.mark.parametrize("zeros", [(0, 9), (6, 9)])
def test_chunks_that_depend_on_zeros_alone(time, zeros):
    """A chunk of the second convolution lies in the zeros before or after the first one's outputs."""
    rng = np.random.default_rng(12)
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [layers.SeparableConv1D(2, 9), layers.ZeroPadding1D(zeros), layers.SeparableConv1D(2, 2)]
    )
    x = series(rng, 12)
    lazy = model(da.from_array(x, ((1, 1), time, (2, 1))))
    assert same_bits(computed(lazy), model(x))


def random_layer(rng, channels=2):
    layers, padding = tf.keras.layers, rng.choice(["valid", "same", "causal"])
    kernel_size, stride = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    kind = rng.integers(5)
    if kind == 0:
        return layers.ZeroPadding1D(tuple(int(zeros) for zeros in rng.integers(0, 9, 2)))
    if kind == 1:
        return layers.MaxPooling1D(kernel_size, stride, padding="same")
    if kind == 2:
        return layers.Conv1D(channels, kernel_size, stride, padding=padding, activation="relu")
    dilation = int(rng.integers(1, 4))
    return layers.SeparableConv1D(channels, kernel_size, stride, padding=padding, dilation_rate=dilation)


def random_chunks(rng, length):
    cuts = np.unique(rng.integers(0, length + 1, rng.integers(0, 7)))
    return tuple(int(size) for size in np.diff([0, *cuts, length]))


@pytest.mark.parametrize("seed", range(40))
def test_random_stacks_in_random_chunks(seed):
    rng = np.random.default_rng([13, seed])
    model = tf.Stack(*(random_layer(rng) for _ in range(rng.integers(1, 5))))
    length = int(rng.integers(90, 130))
    x = series(rng, length)
    expected = model(x)
    for _ in range(3):
        lazy = model(da.from_array(x, (random_chunks(rng, 2), random_chunks(rng, length), random_chunks(rng, 3))))
        assert same_bits(computed(lazy), expected)


def test_nothing_is_computed_before_it_is_asked_for():
    counted = []
    ones = da.ones((1, 40, 3), np.float32, chunks=(1, 10, 3))
    x = ones.map_blocks(lambda block: counted.append(1) or block, meta=np.empty((0, 0, 0), np.float32))
    lazy = stack()(x)
    assert counted == []
    lazy[:, :1].compute()
    assert 0 < len(counted) < 4  # the steps that one output step depends on


def test_weights_are_those_of_the_call():
    rng = np.random.default_rng(7)
    x, layer = series(rng, 20), tf.layers.SeparableConv1D(4, 3)
    expected = layer(x)
    lazy = layer(in_chunks(x, 5))
    assert layer(in_chunks(x, 5)).name == lazy.name
    layer.bias.assign(layer.bias + 1)
    assert same_bits(lazy.compute(), expected)
    assert layer(in_chunks(x, 5)).name != lazy.name
    assert same_bits(layer(in_chunks(x, 5)).compute(), layer(x))


@pytest.mark.parametrize("precision", ["bf16", None])
def test_the_precision_of_the_block_is_that_of_the_tasks(precision):
    rng = np.random.default_rng(8)
    x, layer = series(rng, 20), tf.layers.SeparableConv1D(4, 3)
    weights = operands(rng, 3)
    with tf.precision(precision):
        expected = layer(x), ops.separable_conv1d(x, *weights)
        lazy = layer(in_chunks(x, 5)), ops.separable_conv1d(in_chunks(x, 5), *weights)
    for each, wanted in zip(lazy, expected, strict=True):
        assert same_bits(each.compute(), wanted)


def test_a_process_unpickles_and_packs_a_model_once(monkeypatch):
    rng = np.random.default_rng(9)
    x, layer, restored = series(rng, 40), tf.layers.SeparableConv1D(4, 3), []
    original = models._restored
    monkeypatch.setattr(models, "_restored", lambda pickled: restored.append(1) or original(pickled))
    lazy = layer(in_chunks(x, 2))
    graph = pickle.loads(pickle.dumps(dict(lazy.dask)))
    frozen = graph[f"{lazy.name}-model"].value.model
    copies = [pickle.loads(pickle.dumps(frozen)).restored() for _ in range(3)]
    assert all(copy is copies[0] for copy in copies)
    lazy.compute()
    assert restored == [1]
    for number in range(models.MOST_MODELS + 1):
        layer.bias.assign(layer.bias + number + 1)
        models.Frozen(layer).restored()
    assert len(models._kept.models) == models.MOST_MODELS


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_local_schedulers(scheduler):
    rng = np.random.default_rng(10)
    x, layer = series(rng, 40), tf.layers.SeparableConv1D(4, 3, activation=lambda y: y + 1)
    with config.set(scheduler=scheduler, num_workers=2):
        assert_same(layer(in_chunks(x, 9)), layer(x))


def test_workers_of_a_cluster_use_one_thread_for_a_task():
    distributed = pytest.importorskip("distributed")
    rng = np.random.default_rng(11)
    x, weights = series(rng, 40), operands(rng, 3)
    expected = ops.separable_conv1d(x, *weights) + 1
    quiet = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**quiet) as cluster, distributed.Client(cluster) as client:
        lazy = ops.separable_conv1d(in_chunks(x, 9), *weights, activation=lambda y: y + tf.get_num_threads())
        assert same_bits(client.compute(lazy).result(), expected)
