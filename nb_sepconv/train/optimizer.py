"""What all of TF1's optimizers have in common: slots, the order of an update, constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.framework.graph import get_default_graph, graph_of
from nb_sepconv.framework.name_scope import name_scope
from nb_sepconv.framework.variable_scope import get_variable, variable_scope
from nb_sepconv.framework.variables import Variable, trainable_variables
from nb_sepconv.initializers import Zeros
from nb_sepconv.tensors.array_like import ArrayLike
from nb_sepconv.tensors.convert import as_array, is_floating

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nb_sepconv.tensors.typing import Array


class Optimizer:
    """The base of optimizers; use one of its subclasses, or write one as in TF1.

    A subclass defines ``_apply_dense(grad, var)``, which changes ``var`` in place, and may define
    ``_create_slots(var_list)``, ``_prepare()`` before and ``_finish()`` after all updates of a step.

    Args:
        use_locking: accepted as TF1 has it; it changes nothing here.
        name: str, not empty, the name of the slots.
        use_own_namescope_for_non_slot_vars: bool, whether variables that belong to no other variable (Adam's
            ``beta1_power``) go below ``name``. Default False.

    Raises:
        ValueError: an empty name.

    >>> import nb_sepconv as tf
    >>> class SignDescent(tf.train.Optimizer):
    ...     def _apply_dense(self, grad, var):
    ...         var.assign_sub(0.5 * np.sign(grad))
    >>> gain = tf.Variable([1.0, 2.0], name="gain")
    >>> SignDescent(False, "SignDescent").apply_gradients([(np.float32([3, -4]), gain)]); gain.numpy().tolist()
    [0.5, 2.5]
    """

    def __init__(self, use_locking: bool, name: str, use_own_namescope_for_non_slot_vars: bool = False) -> None:
        if not name:
            raise ValueError(f"`name` must be the optimizer's name, not empty. Received: {name!r}")
        self._use_locking = use_locking
        self._name = name
        self._slots = {}
        self._non_slots = {}
        self._non_slot_scope = None
        if use_own_namescope_for_non_slot_vars:
            with variable_scope(None, default_name=name) as scope:
                self._non_slot_scope = scope

    def __repr__(self) -> str:
        rate = f", learning_rate={self._learning_rate!r}" if hasattr(self, "_learning_rate") else ""
        return f"<{type(self).__name__} name={self._name!r}{rate}, slots={self.get_slot_names()}>"

    def get_name(self) -> str:
        """The name that was given."""
        return self._name

    def build(self, var_list: Sequence[Variable] | None = None) -> None:
        """Make the slots now, so that a checkpoint can be restored into them before the first step.

        Args:
            var_list: list of Variable. Default ``tf.trainable_variables()``.

        Raises:
            TypeError, ValueError: as ``minimize``.
        """
        self._create_all_slots(_variables(var_list))

    # ---- training ----

    def minimize(
        self,
        loss_and_gradients: Callable[[], tuple[Any, Iterable[Any]]],
        var_list: Sequence[Variable] | None = None,
        global_step: Variable | None = None,
    ) -> Any:
        """Take one step: forget the losses of earlier calls, ask for the gradients and apply them.

        Args:
            loss_and_gradients: a function of no arguments that returns the loss and the gradients, a list of arrays
                (or None) in the order of ``var_list``. There is no graph to derive them from.
            var_list: list of Variable. Default ``tf.trainable_variables()``.
            global_step: Variable to increase by one afterwards. Default None. TF1 has it before ``var_list``: pass it
                by name.

        Returns:
            The loss.

        Raises:
            TypeError: no function, no list of variables.
            ValueError: no variables, or another number of gradients; and what ``apply_gradients`` raises.

        >>> import nb_sepconv as tf
        >>> gain = tf.Variable(np.float32([1, 2]), name="gain")
        >>> descent = tf.train.GradientDescentOptimizer(0.25)
        >>> float(descent.minimize(lambda: (np.sum(gain**2), [2 * gain]), [gain])), gain.numpy().tolist()
        (5.0, [0.5, 1.0])
        """
        if not callable(loss_and_gradients):
            raise TypeError(
                "`loss_and_gradients` must be a function that returns the loss and the list of gradients. "
                f"Received: {type(loss_and_gradients).__name__}"
            )
        variables = _variables(var_list)
        graph_of(variables).clear_call_losses()
        loss, gradients = loss_and_gradients()
        gradients = list(gradients)
        if len(gradients) != len(variables):
            raise ValueError(
                f"`loss_and_gradients` must return as many gradients as there are variables, {len(variables)}. "
                f"Received: {len(gradients)} gradients"
            )
        self.apply_gradients(zip(gradients, variables, strict=True), global_step)
        return loss

    def apply_gradients(
        self,
        grads_and_vars: Iterable[tuple[Any, Variable]],
        global_step: Variable | None = None,
        name: str | None = None,
    ) -> None:
        """Update variables by their gradients, then project each by its constraint, if it has one.

        Everything is checked before the first variable changes. It ends a step: the losses that calls have added to the
        variables' graph are forgotten.

        Args:
            grads_and_vars: iterable of (gradient, Variable); the gradient is an array of the variable's shape and of a
                float type, which is converted to the variable's, or None to leave the variable alone.
            global_step: Variable to increase by one afterwards. Default None.
            name: accepted as TF1 has it and unused.

        Raises:
            ValueError: no variables, no gradients, or a gradient of another shape.
            TypeError: something else than pairs, variables of floats, and gradients of floats.
        """
        pairs = [_checked_pair(pair) for pair in grads_and_vars]
        if not pairs:
            raise ValueError("`grads_and_vars` must hold variables. Received: none")
        updates = [(gradient, variable) for gradient, variable in pairs if gradient is not None]
        if not updates:
            names = [variable.name for _, variable in pairs]
            raise ValueError(f"No gradients provided for any variable: {names}. `grads_and_vars` must hold some.")
        _check_global_step(global_step)
        self._create_all_slots([variable for _, variable in updates])
        self._prepare()
        for gradient, variable in updates:
            self._apply_dense(gradient, variable)
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value()))
        self._finish()
        if global_step is not None:
            global_step.assign_add(np.ones((), global_step.dtype))
        graph_of(variable for _, variable in updates).clear_call_losses()

    def _create_all_slots(self, variables):
        graph = graph_of(variables)
        with graph.lock, graph.as_current(), graph.undo_on_failure():
            self._create_slots(variables)

    # ---- what subclasses define ----

    def _create_slots(self, var_list):
        """Make the slots that these variables lack."""

    def _prepare(self):
        """Called before the updates of a step."""

    def _apply_dense(self, grad, var):
        """Change the variable by its gradient, an array of its shape and type (float32 for the 16-bit types)."""
        raise NotImplementedError(f"{type(self).__name__} must define `_apply_dense`")

    def _finish(self):
        """Called after the updates of a step."""

    # ---- slots ----

    def get_slot(self, var: Variable, name: str) -> Variable | Any:
        """The Variable that the optimizer keeps under the slot ``name`` for the variable ``var``, or None."""
        return self._slots.get(name, {}).get(var)

    def get_slot_names(self) -> list[str]:
        """The names of the slots that were made, sorted."""
        return sorted(self._slots)

    def variables(self) -> list[Variable]:
        """The variables of the current graph that the optimizer made, sorted by name."""
        made = [slot for slots in self._slots.values() for slot in slots.values()] + list(self._non_slots.values())
        graph = get_default_graph()
        return sorted((variable for variable in made if variable.graph is graph), key=lambda variable: variable.name)

    def _zeros_slot(self, var, slot_name, op_name):
        return self._get_or_make_slot_with_initializer(var, Zeros(), var.shape, var.dtype, slot_name, op_name)

    def _get_or_make_slot(self, var, val, slot_name, op_name):
        return self._slot(var, slot_name, op_name, initializer=val)

    def _get_or_make_slot_with_initializer(self, var, initializer, shape, dtype, slot_name, op_name):
        return self._slot(var, slot_name, op_name, initializer=initializer, shape=shape, dtype=dtype)

    def _slot(self, var, slot_name, op_name, **settings):
        slots = self._slots.setdefault(slot_name, {})
        if var not in slots:
            with variable_scope(None, default_name=f"{var.op.name}/{op_name}"):
                slots[var] = get_variable("", trainable=False, **settings)
        return slots[var]

    def _create_non_slot_variable(self, initial_value, name, colocate_with):
        key = name, colocate_with.graph
        if key not in self._non_slots:
            self._non_slots[key] = self._made_non_slot(initial_value, name)
        return self._non_slots[key]

    def _made_non_slot(self, initial_value, name):
        if self._non_slot_scope is None:
            return Variable(initial_value, name=name, trainable=False)
        with name_scope(""), variable_scope(self._non_slot_scope):
            return get_variable(name, initializer=initial_value, trainable=False)

    def _get_non_slot_variable(self, name, graph=None):
        return self._non_slots.get((name, graph))


def fused_update(
    kernel: Callable[..., Any], variable: Variable, gradient: Array, slots: Sequence[Variable], *numbers: Any
) -> None:
    """Run a kernel once over a variable, its gradient and its slots; 16-bit types compute in float32.

    Args:
        kernel: a function of :mod:`nb_sepconv.kernels.optimizers`.
        variable: Variable.
        gradient: array of its shape.
        slots: list of Variable of its shape.
        numbers: the kernel's numbers, cast to the type it computes in.
    """
    dtype = computing_type(variable)
    targets = [variable, *slots]
    flat = [target.array.reshape(-1).astype(dtype, copy=False) for target in targets]
    gradient = np.require(gradient, dtype, ["C_CONTIGUOUS", "ALIGNED", "WRITEABLE"]).reshape(-1)
    kernel(flat[0], gradient, *flat[1:], *map(dtype.type, numbers))
    for target, computed in zip(targets, flat, strict=True):
        target.written(computed)


def computing_type(variable: Variable) -> np.dtype[Any]:
    """The type that a variable's update computes in: its own, and float32 for the 16-bit ones."""
    return np.dtype(np.float32) if variable.dtype.itemsize == 2 else variable.dtype


def _variables(var_list):
    if isinstance(var_list, (ArrayLike, str)) or not hasattr(var_list or (), "__iter__"):
        raise TypeError(
            "`var_list` must be a list of variables; pass `global_step` by its name. "
            f"Received: {type(var_list).__name__}"
        )
    variables = trainable_variables() if var_list is None else list(var_list)
    if not variables:
        raise ValueError("`var_list` must hold variables to train. Received: none")
    return variables


def _checked_pair(pair):
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise TypeError(f"`grads_and_vars` must hold pairs (gradient, variable). Received: {type(pair).__name__}")
    gradient, variable = pair
    if not isinstance(variable, Variable) or not is_floating(variable.dtype):
        kind = f"the type {variable.dtype.name}" if isinstance(variable, Variable) else type(variable).__name__
        raise TypeError(f"`grads_and_vars` must hold variables of a float type. Received: {kind}")
    return (None if gradient is None else _checked_gradient(gradient, variable)), variable


def _checked_gradient(gradient, variable):
    gradient = as_array(gradient)
    if not is_floating(gradient.dtype):
        raise TypeError(f"The gradient of {variable.name} must be of a float type. Received: {gradient.dtype.name}")
    if gradient.shape != variable.shape:
        raise ValueError(
            f"The gradient of {variable.name} must have its shape {tuple(variable.shape)}. "
            f"Received: shape {gradient.shape}"
        )
    return gradient.astype(computing_type(variable), copy=False)


def _check_global_step(global_step):
    if global_step is None:
        return
    if not isinstance(global_step, Variable) or global_step.shape != ():
        raise TypeError(f"`global_step` must be a Variable that holds one number. Received: {global_step!r}")
