"""The layer: outputs, variables, losses, weights, settings, failed builds, copies."""

import copy
import pickle
import threading

import numpy as np
import pytest

import nb_sepconv as tf

RANDOM = np.random.default_rng(23)
X = RANDOM.standard_normal((2, 9, 4)).astype("float32")
LOSSES = tf.GraphKeys.REGULARIZATION_LOSSES


def expected(layer, x):
    """The layer's outputs without activation and padding, stride 1, computed in float64 by the formula."""
    d, p, b = (weight.astype(float) for weight in layer.get_weights())
    steps = x.shape[1] - (len(d) - 1)
    hidden = sum(x[:, k : k + steps, :, None] * d[k] for k in range(len(d)))
    return hidden.reshape(*hidden.shape[:2], -1) @ p[0] + b


def randomized(layer):
    """The layer with random weights, its bias included."""
    layer.set_weights([RANDOM.standard_normal(weight.shape) for weight in layer.get_weights()])
    return layer


def built(*arguments, inputs=X, **keywords):
    layer = tf.layers.SeparableConv1D(*arguments, **keywords)
    layer(inputs)
    return layer


# ---- outputs and variables ----


def test_outputs_follow_the_formula_in_every_call():
    layer = randomized(built(5, 3, depth_multiplier=2))
    for _ in range(3):
        outputs = layer(X)
        assert type(outputs) is np.ndarray
        assert outputs.dtype == np.float32
        np.testing.assert_allclose(outputs, expected(layer, X), rtol=2e-5, atol=1e-5)


def test_channels_first_is_the_transpose():
    last = randomized(built(5, 3, padding="same", strides=2))
    first = built(5, 3, padding="same", strides=2, data_format="channels_first", inputs=X.transpose(0, 2, 1))
    first.set_weights(last.get_weights())
    np.testing.assert_allclose(first(X.transpose(0, 2, 1)), last(X).transpose(0, 2, 1), rtol=1e-5, atol=1e-6)


def test_variables_in_order_with_their_shapes():
    layer = built(5, 3, depth_multiplier=2)
    assert [(v.name, v.shape) for v in layer.variables] == [
        ("separable_conv1d/depthwise_kernel:0", (3, 4, 2)),
        ("separable_conv1d/pointwise_kernel:0", (1, 8, 5)),
        ("separable_conv1d/bias:0", (5,)),
    ]
    assert layer.variables == layer.weights == layer.trainable_variables == layer.trainable_weights
    assert layer.variables == [layer.depthwise_kernel, layer.pointwise_kernel, layer.bias] == tf.global_variables()
    assert not layer.bias.numpy().any()
    assert layer.count_params() == 24 + 40 + 5


def test_no_bias():
    layer = built(5, 3, use_bias=False)
    assert layer.bias is None
    assert len(layer.variables) == 2
    np.testing.assert_array_equal(layer(X), layer(X))


def test_edits_in_place_are_seen():
    layer = built(5, 3)
    layer(X)
    layer.bias.numpy()[:] += 1
    np.testing.assert_allclose(layer(X), expected(layer, X), rtol=2e-5, atol=1e-5)
    layer.depthwise_kernel.assign(layer.depthwise_kernel * 3)
    np.testing.assert_allclose(layer(X), expected(layer, X), rtol=2e-5, atol=1e-5)


def test_settings_may_change_after_building():
    layer = built(5, 3)
    layer(X)
    plain = layer(X)
    layer.activation = tf.nn.relu
    np.testing.assert_array_equal(layer(X), np.maximum(plain, 0))
    layer.strides = (2,)
    np.testing.assert_allclose(layer(X), np.maximum(plain, 0)[:, ::2], rtol=1e-5, atol=1e-6)
    layer.activation = np.negative
    np.testing.assert_allclose(layer(X), -plain[:, ::2], rtol=1e-5, atol=1e-6)


def test_function_and_class_agree():
    keywords = {"depthwise_initializer": tf.ones_initializer(), "pointwise_initializer": tf.ones_initializer()}
    outputs = tf.layers.separable_conv1d(X, 5, 3, padding="causal", dilation_rate=2, activation="tanh", **keywords)
    layer = tf.layers.SeparableConv1D(5, 3, padding="causal", dilation_rate=2, activation="tanh", **keywords)
    np.testing.assert_array_equal(outputs, layer(X))
    np.testing.assert_array_equal(outputs, layer.apply(X))
    np.testing.assert_array_equal(outputs, layer(inputs=X, training=True))


def test_inputs_of_other_kinds():
    layer = built(5, 3)
    layer(X)
    wide = np.zeros((2, 18, 8), "float32")
    wide[:, ::2, ::2] = X
    for inputs in (
        tf.Variable(X),
        X[:, ::-1][:, ::-1],
        np.asfortranarray(X),
        wide[:, ::2, ::2],
        X.astype(">f4"),
        X.view(Sub),
    ):
        np.testing.assert_allclose(layer(inputs), layer(X), rtol=1e-6, atol=1e-7)


class Sub(np.ndarray):
    pass


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_first_input_decides_the_type(dtype):
    layer = tf.layers.SeparableConv1D(5, 3)
    assert layer.dtype is None
    assert layer(X.astype(dtype)).dtype == dtype
    assert layer.dtype == dtype
    assert [v.dtype for v in layer.variables] == [dtype] * 3


def test_another_type_later_is_refused():
    layer = built(5, 3)
    for _ in range(2):
        with pytest.raises(
            TypeError, match=r"`inputs` must have the type float32 .*type float64 and shape \(2, 9, 4\)"
        ):
            layer(X.astype("float64"))
        layer(X)


def test_given_dtype_refuses_or_casts():
    with pytest.raises(TypeError, match=r"`inputs` must have the type float64"):
        tf.layers.SeparableConv1D(5, 3, dtype=tf.float64)(X)
    assert tf.layers.SeparableConv1D(5, 3, dtype="float64", autocast=True)(X).dtype == np.float64
    assert (
        tf.layers.SeparableConv1D(5, 3, dtype={"class_name": "Policy", "config": {"name": "float16"}}).dtype
        == "float16"
    )


def test_other_channels_and_ranks_later_are_refused():
    layer = built(5, 3)
    for _ in range(2):
        with pytest.raises(ValueError, match=r'"separable_conv1d_1" .*expected axis -1 .* value 4, but received 3'):
            layer(X[:, :, :3])
        with pytest.raises(ValueError, match=r"expected ndim=3, found ndim=2"):
            layer(X[0])
        layer(X)


def test_channels_first_checks_its_own_axis():
    layer = built(5, 3, data_format="channels_first", inputs=X.transpose(0, 2, 1))
    with pytest.raises(ValueError, match=r"expected axis -2 of input shape to have value 4, but received 9"):
        layer(X)


def test_input_spec():
    layer = tf.layers.SeparableConv1D(5, 3)
    assert repr(layer.input_spec) == "InputSpec(min_ndim=3)"
    layer(X)
    assert repr(layer.input_spec) == "InputSpec(ndim=3, axes={-1: 4})"
    with pytest.raises(TypeError, match=r"input_spec must be an instance of InputSpec. Received: 3"):
        layer.input_spec = 3
    layer.input_spec = tf.layers.InputSpec(max_ndim=2)
    with pytest.raises(ValueError, match=r"expected max_ndim=2, found ndim=3"):
        layer(X)


def test_input_spec_of_its_own():
    spec = tf.layers.InputSpec(shape=(None, 9, 4))
    assert (spec.ndim, tf.layers.InputSpec.from_config(spec.get_config()).shape) == (3, (None, 9, 4))
    with pytest.raises(ValueError, match=r"expected axis 1 of input shape to have value 9, but received 8"):
        spec.check((1, 8, 4), "mine")
    with pytest.raises(TypeError, match=r"`axes` must be a dict with integer keys. Received: \[1\]"):
        tf.layers.InputSpec(axes=[1])
    with pytest.raises(ValueError, match=r"Axis 3 is greater than the maximum allowed value: 2"):
        tf.layers.InputSpec(ndim=3, axes={3: 1})


# ---- building ----


def test_build_by_hand():
    layer = tf.layers.SeparableConv1D(5, 3)
    layer.build((None, None, 4))
    assert (layer.built, layer.dtype, layer.scope_name) == (True, "float32", "separable_conv1d")
    assert layer(X).shape == (2, 7, 5)
    assert len(tf.global_variables()) == 3


def test_unknown_channels_are_refused():
    with pytest.raises(ValueError, match=r"The channel dimension of the inputs should be defined. .*\(None, 9, None\)"):
        tf.layers.SeparableConv1D(5, 3).build((None, 9, None))


def test_unknown_filters_are_refused_at_the_build():
    layer = tf.layers.SeparableConv1D(None, 3)
    with pytest.raises(ValueError, match=r"The `filters` argument must be an integer before the layer is built"):
        layer(X)
    assert tf.global_variables() == []


def broken(*_, **__):
    raise KeyError("broken")


@pytest.mark.parametrize(
    "keywords",
    [
        *[{f"{kind}_initializer": broken} for kind in ("depthwise", "pointwise", "bias")],
        *[{f"{kind}_regularizer": broken} for kind in ("depthwise", "pointwise", "bias", "activity")],
        {"activation": broken},
        {"kernel_size": 10},
        {"weights": [np.ones(3)]},
        {"bias_constraint": tf.reduce_sum, "bias_initializer": broken, "depthwise_regularizer": tf.reduce_sum},
    ],
)
def test_failed_build_leaves_nothing_behind(keywords, graph):
    layer = tf.layers.SeparableConv1D(**{"filters": 5, "kernel_size": 3, "name": "a", **keywords})
    before = sorted(vars(layer))
    with pytest.raises((KeyError, ValueError)):
        layer(X)
    assert tf.global_variables() == tf.trainable_variables() == tf.get_collection(LOSSES) == []
    assert (layer.built, layer.weights, layer.losses, layer.dtype) == (False, [], [], None)
    assert sorted(vars(layer)) == before
    assert (tf.get_variable_scope().name, graph.get_name_scope()) == ("", "")
    good = {key: value for key, value in vars(built(5, 3)).items() if key in keywords}
    vars(layer).update(good, kernel_size=(3,), _initial_weights=None)
    layer.activity_regularizer = None
    layer(X)
    assert [v.name for v in layer.variables] == [
        f"a/{name}:0" for name in ("depthwise_kernel", "pointwise_kernel", "bias")
    ]


def test_failed_function_call_may_be_corrected():
    with pytest.raises(ValueError, match=r"too short|does not fit"):
        tf.layers.separable_conv1d(X, 5, 10, name="a")
    assert tf.layers.separable_conv1d(X, 5, 9, name="a").shape == (2, 1, 5)


def test_failed_reuse_keeps_what_was_there():
    tf.layers.separable_conv1d(X, 5, 3, name="a")
    with pytest.raises(
        ValueError, match=r"Trying to share variable a/pointwise_kernel, but specified shape \(1, 4, 6\)"
    ):
        tf.layers.separable_conv1d(X, 6, 3, name="a", reuse=True)
    assert len(tf.global_variables()) == 3
    assert tf.layers.separable_conv1d(X, 5, 3, name="a", reuse=True).shape == (2, 7, 5)


# ---- weights ----


def test_weights_round_trip():
    layer, other = built(5, 3), built(5, 3)
    other.set_weights(layer.get_weights())
    np.testing.assert_array_equal(layer(X), other(X))
    layer.get_weights()[0][:] = 0
    assert layer.depthwise_kernel.numpy().all()


def test_weights_that_do_not_fit_are_refused_whole():
    layer = built(5, 3)
    before = layer.get_weights()
    with pytest.raises(
        ValueError, match=r'on layer "separable_conv1d_1" with a weight list of length 2, but .* 3 weights'
    ):
        layer.set_weights(before[:2])
    with pytest.raises(ValueError, match=r"Layer weight shape \(5,\) not compatible with provided weight shape \(4,\)"):
        layer.set_weights([before[0] + 1, before[1], np.zeros(4)])
    for now, then in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_initial_weights():
    weights = [RANDOM.standard_normal(shape) for shape in ((3, 4, 1), (1, 4, 5), (5,))]
    layer = built(5, 3, weights=weights)
    for now, then in zip(layer.get_weights(), weights, strict=True):
        np.testing.assert_allclose(now, then, rtol=1e-6)


def test_count_params_needs_a_built_layer():
    with pytest.raises(ValueError, match=r"`count_params` on separable_conv1d_1, but the layer isn't built"):
        tf.layers.SeparableConv1D(5, 3).count_params()


def test_not_trainable():
    layer = built(5, 3, trainable=False)
    assert tf.trainable_variables() == layer.trainable_weights == []
    assert layer.non_trainable_variables == layer.non_trainable_weights == tf.global_variables()
    layer.trainable = True
    assert layer.trainable_weights == []


def test_trainable_changes_what_is_listed_only():
    layer = built(5, 3)
    layer.trainable = False
    assert (layer.trainable_weights, layer.non_trainable_weights) == ([], tf.trainable_variables())
    assert all(v.trainable for v in layer.weights)


def test_additional_weight():
    class Scaled(tf.layers.SeparableConv1D):
        def build(self, input_shape):
            self.scale = self.add_weight("scale", [], initializer="ones", trainable=False)
            super().build(input_shape)

        def call(self, inputs):
            return super().call(inputs) * self.scale

    layer = Scaled(5, 3)
    layer(X)
    assert [v.op.name for v in layer.weights][-1] == "scaled/scale"
    assert layer.non_trainable_weights == [layer.scale]
    before = layer(X)
    layer.scale.assign(-2.0)
    np.testing.assert_allclose(layer(X), -2 * before, rtol=1e-6)


# ---- losses ----


def regularized(**keywords):
    return {f"{kind}_regularizer": tf.reduce_sum for kind in ("depthwise", "pointwise", "bias")} | keywords


def test_weight_losses_follow_the_weights():
    layer = built(5, 3, **regularized())
    layer(X)
    randomized(layer)
    sums = [float(v.numpy().sum()) for v in layer.weights]
    np.testing.assert_allclose([float(loss) for loss in layer.losses], sums, rtol=1e-5)
    np.testing.assert_allclose([float(loss) for loss in tf.get_collection(LOSSES)], sums, rtol=1e-5)
    assert all(isinstance(loss, np.float32) for loss in layer.losses)
    assert [loss.name for loss in tf.get_collection(LOSSES)] == [f"{v.op.name}/Regularizer:0" for v in layer.weights]


def test_regularizers_receive_the_variable():
    seen = []
    layer = built(5, 3, depthwise_regularizer=lambda v: seen.append(v))
    assert seen[0] is layer.depthwise_kernel
    assert layer.losses == tf.get_collection(LOSSES) == []


def test_activity_loss_of_every_call_over_the_batch_size():
    layer = built(5, 3, activity_regularizer=tf.reduce_sum)
    outputs = layer(X[:1])
    assert len(layer.losses) == len(tf.get_collection(LOSSES)) == 2
    np.testing.assert_allclose(layer.losses[1], outputs.sum(), rtol=1e-5)
    np.testing.assert_allclose(layer.losses[0], layer(X).sum() / 2, rtol=1e-4, atol=1e-5)
    assert isinstance(layer.losses[0], np.float32)


def test_activity_loss_of_an_empty_batch_is_nan():
    layer = built(5, 3, activity_regularizer=tf.reduce_sum)
    layer(X[:0])
    assert np.isnan(layer.losses[1])


def test_activity_losses_come_first():
    layer = built(5, 3, activity_regularizer=lambda y: 6.0, **regularized(bias_regularizer=lambda v: 7.0))
    assert [float(loss) for loss in layer.losses][::3] == [3, 7]


def test_shared_weights_are_regularized_once():
    for _ in range(2):
        tf.layers.separable_conv1d(X, 5, 3, name="a", reuse=tf.AUTO_REUSE, **regularized())
    assert len(tf.get_collection(LOSSES)) == 3


def test_scope_regularizer_counts_in_the_collection_only():
    with tf.variable_scope("s", regularizer=tf.reduce_sum):
        layer = built(5, 3)
    assert layer.losses == []
    assert len(tf.get_collection(LOSSES, "s/")) == 3


def test_added_losses():
    layer = built(5, 3)
    layer.add_loss([1.5, None, lambda: 2 * layer.bias.numpy().sum(), lambda: None])
    layer.bias.assign(np.ones(5))
    assert layer.losses == [1.5, 10]
    assert [float(loss) for loss in tf.get_collection(LOSSES)] == [1.5, 10]
    layer.add_loss(tf.get_collection(LOSSES)[0])
    assert len(tf.get_collection(LOSSES)) == 2
    assert layer.losses == [1.5, 1.5, 10]
    assert layer.updates == []


def test_constraints_are_on_layer_and_variable():
    functions = {f"{kind}_constraint": (lambda v, kind=kind: v) for kind in ("depthwise", "pointwise", "bias")}
    layer = built(5, 3, **functions)
    for variable, (name, function) in zip(layer.weights, functions.items(), strict=True):
        assert getattr(layer, name) is function
        assert variable.constraint is function


# ---- settings ----


def test_config_round_trip():
    layer = tf.layers.SeparableConv1D(
        5, 3, 2, "same", "channels_first", 1, 2, "relu", False, "he_normal", tf.zeros_initializer(),
        depthwise_regularizer="l2", bias_constraint="non_neg", trainable=False, name="a", dtype="float64",
        input_shape=(4, 9),
    )  # fmt: skip
    config = layer.get_config()
    assert type(layer).from_config(config).get_config() == config
    kept = (
        "name",
        "trainable",
        "dtype",
        "filters",
        "kernel_size",
        "strides",
        "padding",
        "batch_input_shape",
        "activation",
    )
    assert [config[key] for key in kept] == ["a", False, "float64", 5, (3,), (2,), "same", (None, 4, 9), "relu"]
    assert "groups" not in config


def test_config_with_what_tf_keras_adds():
    strays = {"groups": 1, "kernel_initializer": {}, "kernel_regularizer": None, "kernel_constraint": None}
    layer = tf.layers.SeparableConv1D.from_config({"filters": 5, "kernel_size": [3], **strays})
    assert layer.kernel_size == (3,)


@pytest.mark.parametrize(
    ("keywords", "shape", "expected_shape"),
    [
        *[({}, (None, 9, 4), (None, 7, 5)), ({}, [2, None, 4], (2, None, 5)), ({"strides": 2}, (1, 9, 4), (1, 4, 5))],
        *[({"padding": "same", "strides": 2}, (1, 9, 4), (1, 5, 5)), ({"dilation_rate": 3}, (1, 9, 4), (1, 3, 5))],
        *[({"data_format": "channels_first"}, (1, 4, 9), (1, 5, 7)), ({"padding": "causal"}, (0, 9, 4), (0, 9, 5))],
    ],
)
def test_computed_output_shape(keywords, shape, expected_shape):
    found = tf.layers.SeparableConv1D(5, 3, **keywords).compute_output_shape(shape)
    assert found == expected_shape
    assert found.as_list() == list(expected_shape)
    if None not in shape:
        assert tf.layers.SeparableConv1D(5, 3, **keywords)(np.zeros(shape, "f")).shape == expected_shape


def test_output_shape_of_a_short_input():
    layer = tf.layers.SeparableConv1D(5, 6)
    with pytest.raises(ValueError, match=r"is <= 0 due to downsampling in separable_conv1d_1.* \(None, 5, 4\)"):
        layer.compute_output_shape((None, 5, 4))
    with pytest.raises(ValueError, match=r"expected ndim=3, found ndim=2"):
        layer.compute_output_shape((9, 4))


def test_graph_is_not_told():
    with pytest.warns(UserWarning, match=r"`Layer.graph` is deprecated"):
        assert tf.layers.SeparableConv1D(5, 3).graph is None


def test_unknown_call_arguments_are_refused():
    layer = built(5, 3)
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'initial_state'"):
        layer(X, initial_state=None)


# ---- copies and threads ----


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
@pytest.mark.parametrize("calls", [1, 2])
def test_twins_compute_the_same_and_are_apart(twin_of, calls):
    layer = randomized(built(5, 3, activation="tanh", depthwise_regularizer="l2", activity_regularizer=tf.reduce_sum))
    for _ in range(calls - 1):
        layer(X)
    twin = twin_of(layer)
    np.testing.assert_array_equal(twin(X), layer(X))
    np.testing.assert_array_equal(twin(X), layer(X))
    assert (twin.name, twin.scope_name, twin.losses) == (layer.name, layer.scope_name, layer.losses)
    twin.depthwise_kernel.assign(np.zeros((3, 4, 1)))
    assert twin.weights[0] is twin.depthwise_kernel
    assert (twin.losses[-1], layer.losses[-1] > 0) == (0, True)
    assert layer.depthwise_kernel.numpy().all()
    assert len(tf.global_variables()) == 3


def test_twin_of_an_unbuilt_layer_takes_a_scope_of_its_own():
    layer = tf.layers.SeparableConv1D(5, 3)
    twin = copy.deepcopy(layer)
    layer(X)
    twin(X)
    assert (layer.scope_name, twin.scope_name, twin.name) == ("separable_conv1d", "separable_conv1d_1", layer.name)


def test_shallow_copy_shares_the_weights():
    layer = built(5, 3)
    twin = copy.copy(layer)
    assert twin.depthwise_kernel is layer.depthwise_kernel
    with tf.Graph().as_default():
        np.testing.assert_array_equal(copy.copy(twin)(X), layer(X))


def test_one_layer_serves_many_threads():
    for activation in (None, "relu", np.tanh):
        layer = randomized(built(5, 3, activation=activation))
        want, found = layer(X), []
        gate = threading.Barrier(4)

        def work(layer=layer, gate=gate, found=found):
            gate.wait()
            found.extend(layer(X) for _ in range(25))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 100
        assert all(np.array_equal(outputs, want) for outputs in found)
