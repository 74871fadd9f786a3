import numpy as np
import pytest

import nb_sepconv as tf


def build(name, **options):
    layer = tf.layers.SeparableConv1D(5, 3, name=name, **options)
    layer.build((None, 9, 4))
    return layer


def test_losses_come_in_the_order_of_creation():
    l2 = tf.keras.regularizers.L2(0.5)
    layer = build("a", depthwise_regularizer=l2, pointwise_regularizer=tf.keras.regularizers.L1(0.25))
    other = build("b", depthwise_regularizer=l2)
    got = [float(loss) for loss in tf.losses.get_regularization_losses()]
    want = [
        0.5 * (layer.depthwise_kernel.numpy() ** 2).sum(),
        0.25 * np.abs(layer.pointwise_kernel.numpy()).sum(),
        0.5 * (other.depthwise_kernel.numpy() ** 2).sum(),
    ]
    assert got == pytest.approx(want, rel=1e-6)
    total = tf.losses.get_regularization_loss()
    assert total.dtype == np.float32
    assert float(total) == pytest.approx(sum(want), rel=1e-6)


def test_a_scope_picks_its_losses():
    build("a", depthwise_regularizer="l2")
    other = build("b", depthwise_regularizer="l2")
    assert len(tf.losses.get_regularization_losses("b")) == 1
    want = 0.01 * (other.depthwise_kernel.numpy() ** 2).sum()
    assert float(tf.losses.get_regularization_loss(scope="b", name="total")) == pytest.approx(want, rel=1e-6)


def test_losses_follow_the_variables():
    layer = build("a", depthwise_regularizer="l2")
    before = float(tf.losses.get_regularization_loss())
    layer.depthwise_kernel.assign(3 * layer.depthwise_kernel.numpy())
    assert float(tf.losses.get_regularization_loss()) == pytest.approx(9 * before, rel=1e-6)


def test_without_losses_the_sum_is_a_float32_zero():
    assert tf.losses.get_regularization_losses() == []
    total = tf.losses.get_regularization_loss()
    assert total == 0
    assert total.dtype == np.float32


def test_the_sum_is_a_number_of_its_own():
    tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, np.asarray(2.5))
    total = tf.losses.get_regularization_loss()
    total += 1
    assert tf.losses.get_regularization_loss() == 2.5
