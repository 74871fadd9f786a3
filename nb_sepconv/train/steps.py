"""The variable that counts training steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.graph import get_default_graph
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.framework.variable_scope import get_variable
from nb_sepconv.framework.variables import Variable, VariableAggregation
from nb_sepconv.initializers import Zeros

if TYPE_CHECKING:
    from nb_sepconv.framework.graph import Graph


def get_global_step(graph: Graph | None = None) -> Variable | None:
    """The graph's global step: the one in ``GraphKeys.GLOBAL_STEP``, else the variable named ``global_step``.

    Args:
        graph: Graph. Default the current one.

    Returns:
        An integer Variable without axes, or None where there is none (or several in the collection).

    Raises:
        TypeError: what is there is no such variable.
    """
    graph = graph or get_default_graph()
    found = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if not found:
        variables = graph.get_collection(GraphKeys.GLOBAL_VARIABLES)
        found = [variable for variable in variables if variable.name == "global_step:0"]
    if len(found) != 1:
        return None
    assert_global_step(found[0])
    return found[0]


def create_global_step(graph: Graph | None = None) -> Variable:
    """Create the global step: the int64 variable ``global_step``, zero, not trainable, in ``GraphKeys.GLOBAL_STEP``.

    Args:
        graph: Graph. Default the current one.

    Returns:
        The Variable.

    Raises:
        ValueError: there is one.
    """
    graph = graph or get_default_graph()
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    with graph.as_current(), graph.name_scope(None):
        return get_variable(
            GraphKeys.GLOBAL_STEP,
            shape=[],
            dtype="int64",
            initializer=Zeros(),
            trainable=False,
            aggregation=VariableAggregation.ONLY_FIRST_REPLICA,
            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
        )


def get_or_create_global_step(graph: Graph | None = None) -> Variable:
    """The graph's global step, created when there is none.

    Args:
        graph: Graph. Default the current one.

    Returns:
        The Variable; pass it to ``minimize`` or ``apply_gradients``, which count it up, and to decays.

    >>> import nb_sepconv as tf
    >>> with tf.Graph().as_default():
    ...     step = tf.train.get_or_create_global_step()
    ...     step.name, step.dtype.name, int(step), step is tf.train.get_global_step()
    ('global_step:0', 'int64', 0, True)
    """
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


def assert_global_step(global_step_tensor: Any) -> None:
    """Raise a TypeError unless it is an integer Variable without axes."""
    step = global_step_tensor
    if not isinstance(step, Variable):
        raise TypeError(f'Existing "global_step" must be a Variable. Received: {step!r}')
    if step.dtype.kind not in "iu":
        raise TypeError(f'Existing "global_step" does not have integer type. Received: {step.dtype.name}')
    if step.shape != ():
        raise TypeError(f'Existing "global_step" is not scalar. Received: shape {tuple(step.shape)}')


def global_step(sess: object, global_step_tensor: Any) -> int:
    """The value of a global step as an int; ``sess`` is accepted as TF1 has it and unused."""
    return int(global_step_tensor)
