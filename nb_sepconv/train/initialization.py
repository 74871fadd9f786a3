"""Starting a model from the variables of another one's checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.variables import Variable, global_variables
from nb_sepconv.train.assignment import fill_variables
from nb_sepconv.weights import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nb_sepconv.tensors.typing import FilePath


def init_from_checkpoint(
    ckpt_dir_or_file: FilePath, assignment_map: Mapping[str, Any] | Iterable[tuple[str, Any]]
) -> None:
    """Fill variables of the current graph from a checkpoint, by a map of names; they are filled at once.

    Args:
        ckpt_dir_or_file: str or path-like, a checkpoint or any file of weights.
        assignment_map: dict, or list of pairs, from the file's side to this graph's: a scope ``"old/"`` to a scope
            ``"new/"`` (``"/"`` is the root), whose variables must all be in the file; or a name to a name, a Variable
            or a list of one Variable.

    Raises:
        ValueError: a name is on one side only, or a shape or type differs; then no variable is changed.

    >>> import nb_sepconv as tf, numpy as np, tempfile
    >>> path = tempfile.mkdtemp() + "/old.npz"
    >>> tf.weights.save(path, {"old/bias": np.float32([1, 2])})
    >>> bias = tf.get_variable("new/bias", shape=[2])
    >>> tf.train.init_from_checkpoint(path, {"old/": "new/"}); bias.numpy().tolist()
    [1.0, 2.0]
    """
    pairs = assignment_map.items() if hasattr(assignment_map, "items") else assignment_map
    variables = {variable.op.name: variable for variable in global_variables()}
    with load(ckpt_dir_or_file) as file:
        names = {*file, *file.slots}
    assignments = []
    for theirs, ours in pairs:
        assignments += _expand(theirs, ours, names, variables)
    fill_variables(ckpt_dir_or_file, assignments)


def _expand(theirs, ours, names, variables):
    """The (name in the file, Variable) pairs that one entry of the map stands for."""
    if isinstance(ours, (list, tuple)) and len(ours) == 1:
        ours = ours[0]
    if isinstance(ours, Variable):
        return [(theirs, ours)]
    if not isinstance(theirs, str) or not isinstance(ours, str):
        raise ValueError(f"`assignment_map` must map names to names or variables. Received: {theirs!r}: {ours!r}")
    if theirs.endswith("/") != ours.endswith("/") and theirs not in names:
        raise ValueError(
            f"`assignment_map` must map a scope to a scope, as in 'old/': 'new/'. Received: {theirs!r}: {ours!r}"
        )
    if not ours.endswith("/"):
        return [(theirs, _variable(ours, variables))]
    return _expand_scope(theirs, ours, variables)


def _expand_scope(theirs, ours, variables):
    old, new = ("" if scope == "/" else scope for scope in (theirs, ours))
    pairs = [(old + name.removeprefix(new), variable) for name, variable in variables.items() if name.startswith(new)]
    if not pairs:
        raise ValueError(f"`assignment_map` must name a scope with variables. Received: {theirs!r}: {ours!r}")
    return pairs


def _variable(name, variables):
    if name not in variables:
        raise ValueError(
            f"`assignment_map` must name variables of the current graph, {', '.join(variables) or 'which has none'}. "
            f"Received: {name!r}"
        )
    return variables[name]
