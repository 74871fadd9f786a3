"""What a stream takes, what it refuses, and that a refusal changes nothing."""

import numpy as np
import pytest
import window_cases as cases
from window_cases import same_bits

import nb_sepconv as tf
from nb_sepconv.streaming import Stream, layer_stream

KERNEL = np.random.default_rng(0).standard_normal((3, 2, 1)).astype(np.float32)
X = np.random.default_rng(1).standard_normal((1, 10, 2)).astype(np.float32)


def refused_pushes():
    yield X[0], ValueError, r"`chunk` must have 3 axes: .+ Received: shape \(10, 2\)"
    yield X[:, :, :1], ValueError, r"`chunk` must have the shape \(1, steps, 2\). Received: shape \(1, 10, 1\)"
    yield np.zeros((2, 4, 2), np.float32), ValueError, r"`chunk` must have the shape \(1, steps, 2\). Received: shape"
    yield X.astype(np.float64), TypeError, r"`chunk` must have the type float32 of the stream; open it with `dtype`"
    yield X.astype(np.int16), TypeError, r"`chunk` must have the type float32 .+ Received: int16"
    yield "text", ValueError, r"`chunk` must be an array of float32. Received: str"
    yield (
        np.zeros((1, 21, 2), np.float32),
        ValueError,
        r"more steps than are left of `length`, 16 of 20. Received: shape",
    )


@pytest.mark.parametrize(("chunk", "error", "message"), list(refused_pushes()))
def test_a_chunk_that_does_not_fit_is_refused_and_changes_nothing(chunk, error, message):
    stream, undisturbed = (Stream(KERNEL, padding="causal", length=20) for _ in range(2))
    for each in (stream, undisturbed):
        each.push(X[:, :4])
    with pytest.raises(error, match=message):
        stream.push(chunk)
    assert same_bits(stream.push(X), undisturbed.push(X))


def test_a_stream_with_channels_first_says_its_shapes_so():
    with pytest.raises(ValueError, match=r"`chunk` must have the shape \(1, 2, steps\). Received: shape \(1, 10, 2\)"):
        Stream(KERNEL, data_format="channels_first").push(X)


def test_an_activation_that_fails_leaves_all_layers_as_they_were(monkeypatch):
    monkeypatch.setattr(layer_stream, "LARGE_BYTES", 40 * 3 * 4)
    fails = [False]

    def activation(outputs):
        if fails[0]:
            raise MemoryError("no memory")
        return outputs * np.float32(2)

    stack = tf.Stack(
        tf.layers.SeparableConv1D(3, 3, padding="causal"),
        tf.layers.SeparableConv1D(3, 3, padding="causal", activation=activation),
    )
    x = np.random.default_rng(1).standard_normal((1, 80, 20)).astype(np.float32)
    whole, stream = stack(x), stack.stream()
    pieces = [stream.push(x[:, :3])]
    fails[0] = True
    for count in (1, 5, 40):
        with pytest.raises(MemoryError, match="no memory"):
            stream.push(x[:, 3 : 3 + count])
    fails[0] = False
    pieces += [stream.push(x[:, 3:9]), stream.push(x[:, 9:]), stream.flush()]
    assert same_bits(np.concatenate(pieces, axis=1), whole)


def test_the_end_of_a_series():
    stream = Stream(KERNEL, padding=(1, 2), length=10)
    stream.push(X[:, :4])
    with pytest.raises(ValueError, match=r"`length` is 10: push as many steps before the flush. Received: 4 steps"):
        stream.flush()
    rest = [stream.push(X[:, 4:]), stream.flush()]
    assert [piece.shape[1] for piece in rest] == [6, 2]
    for call, name in ((lambda: stream.push(X), "push"), (stream.flush, "flush")):
        with pytest.raises(RuntimeError, match=rf"`{name}` is for a series that goes on, and the stream was flushed"):
            call()
    stream.reset()
    again = [stream.push(X[:, :4]), stream.push(X[:, 4:])]
    assert same_bits(again[1], rest[0])


def test_nothing_at_all():
    assert Stream(KERNEL, padding="causal").flush().shape == (1, 0, 2)
    with pytest.raises(RuntimeError, match=r"`flush` needs the channels of the series, which no chunk has shown yet"):
        tf.Stack(tf.nn.relu).stream().flush()


def test_same_with_strides_needs_the_length():
    with pytest.raises(
        ValueError, match=r'`length` is needed: the layer "\w+" has padding="same" and the stride 2, so'
    ):
        Stream(KERNEL, padding="same", strides=2)
    assert Stream(KERNEL, padding="same", strides=2, length=10).lookahead == 2
    assert Stream(KERNEL, padding="same", strides=2, length=11).lookahead == 1


@pytest.mark.parametrize("value", [0, -1, 2.0, True, "3"])
@pytest.mark.parametrize("name", ["length", "batch_size"])
def test_numbers_that_are_none(name, value):
    with pytest.raises(ValueError, match=rf"`{name}` must be an integer > 0. Received: "):
        Stream(KERNEL, **{name: value})


def test_weights_that_do_not_fit():
    with pytest.raises(
        ValueError, match=r"`bias` must be None where there is no `pointwise_kernel`. Received: an array"
    ):
        Stream(KERNEL, bias=np.zeros(2, np.float32))
    with pytest.raises(ValueError, match=r"`pointwise_kernel` must have the shape \(2, F\). Received: shape \(3, 4\)"):
        Stream(KERNEL, np.zeros((3, 4), np.float32))
    with pytest.raises(
        ValueError, match=r"`depthwise_kernel` must have the shape \(K, C, M\). Received: shape \(3, 2\)"
    ):
        Stream(KERNEL[:, :, 0])


@pytest.mark.parametrize("activation", ["softmax", "log_softmax"])
def test_an_activation_over_time_is_refused_by_name(activation):
    how = {"data_format": "channels_first", "activation": activation}
    with pytest.raises(ValueError, match=rf"cannot be cut over time: what its `activation` gives .+'{activation}'"):
        Stream(KERNEL, **how)
    layer = tf.layers.SeparableConv1D(4, 3, **how)
    layer.build((None, 2, None))
    with pytest.raises(ValueError, match=rf'The layer "{layer.name}" cannot be cut over time'):
        layer.stream()
    assert Stream(KERNEL, activation=activation).push(X).shape == (1, 8, 2)


def test_chunks_of_a_told_type_are_converted():
    samples = np.random.default_rng(2).integers(-3000, 3000, (1, 30, 2)).astype(np.int16)
    whole = tf.ops.depthwise_conv1d(samples.astype(np.float32), KERNEL, padding="causal")
    stream = Stream(KERNEL, padding="causal", dtype="int16")
    assert same_bits(np.concatenate([stream.push(samples[:, :7]), stream.push(samples[:, 7:])], axis=1), whole)
    assert stream.dtype == np.int16
    with pytest.raises(TypeError, match=r"`chunk` must have the type int16 of the stream"):
        stream.push(X)
    with pytest.raises(TypeError, match=r"`dtype` must be a type of integers or floats. Received: 'S3'"):
        Stream(KERNEL, dtype="S3")


@pytest.mark.parametrize(
    "give", [list, np.asfortranarray, lambda x: x.astype(">f4"), lambda x: np.repeat(x, 2, 1)[:, ::2]]
)
def test_chunks_of_any_kind(give):
    whole = tf.ops.depthwise_conv1d(X, KERNEL)
    given = give(X) if give is not list else X.tolist()
    assert same_bits(Stream(KERNEL).push(given), whole)
    assert same_bits(Stream(KERNEL).push(tf.convert_to_tensor(X)), whole)


@pytest.mark.parametrize("data_format", cases.FORMATS)
def test_outputs_go_where_they_are_wanted(data_format):
    axis = 1 if data_format == "channels_last" else 2
    x = X if axis == 1 else np.ascontiguousarray(X.swapaxes(1, 2))
    answer = tf.ops.depthwise_conv1d(x, KERNEL, data_format=data_format)
    for out in (np.full_like(answer, np.nan), np.full(answer.shape[::-1], np.nan, np.float32).T):
        stream = Stream(KERNEL, data_format=data_format)
        assert stream.push(cases.sliced(x, axis, 0, 2), out=cases.sliced(out, axis, 0, 0)).size == 0
        assert stream.push(cases.sliced(x, axis, 2, 10), out=out) is out
        assert same_bits(out, answer)


def test_out_may_be_where_the_chunk_is():
    for kernel in (np.full((1, 2, 1), 3, np.float32), np.ones((1, 2, 1), np.float32)):
        chunk = X.copy()
        assert same_bits(Stream(kernel).push(chunk, out=chunk), X * kernel[0, 0, 0])


def test_an_out_that_does_not_fit_is_refused_and_changes_nothing():
    stream = Stream(KERNEL)
    stream.push(X)
    for wrong in (np.zeros((1, 9, 2), np.float32), np.zeros((1, 10, 2), np.float64)):
        with pytest.raises(ValueError, match=r"`out` must have the shape \(1, 10, 2\) and the type float32. Received"):
            stream.push(X, out=wrong)
    with pytest.raises(TypeError, match=r"`out` must be a NumPy array"):
        stream.push(X, out=[])
    assert same_bits(stream.push(X), tf.ops.depthwise_conv1d(np.concatenate([X[:, -2:], X], 1), KERNEL))


def test_outputs_are_never_the_chunk():
    layer = tf.layers.Dropout()
    chunk = X.copy()
    outputs = tf.Stack(layer, tf.layers.Dropout()).stream().push(chunk)
    assert same_bits(outputs, X)
    assert not np.may_share_memory(outputs, chunk)


def test_what_a_stream_says_of_itself():
    stream = Stream(KERNEL, padding="causal")
    stream.push(X)
    assert repr(stream) == "<Stream layers=1, batch_size=1, dtype=float32, stride=1, lookahead=0, seen=10>"


def test_arrays_are_copied():
    kernel = KERNEL.copy()
    stream = Stream(kernel)
    kernel[...] = np.nan
    assert same_bits(stream.push(X), tf.ops.depthwise_conv1d(X, KERNEL))
