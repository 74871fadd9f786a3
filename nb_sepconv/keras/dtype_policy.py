"""In which type a layer computes, and in which it keeps its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nb_sepconv.tensors.dtypes import FLOATS, as_dtype
from nb_sepconv.tensors.keras_json import floatx

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Config

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}


class DTypePolicy(NamedTuple):
    """The types of a layer, by name.

    >>> policy_of("mixed_float16")
    DTypePolicy(name='mixed_float16', compute_dtype='float16', variable_dtype='float32')
    """

    name: str
    compute_dtype: str
    variable_dtype: str

    def serialized(self) -> Config:
        """The config of the policy as Keras 3 writes it."""
        return {"module": "keras", "class_name": "DTypePolicy", "config": {"name": self.name}, "registered_name": None}


def policy_of(dtype: Any) -> DTypePolicy:
    """The policy that ``dtype`` names.

    Args:
        dtype: None (what ``keras.json`` says, else float32), a policy, a config as :meth:`DTypePolicy.serialized`
            writes it, ``"mixed_float16"`` or ``"mixed_bfloat16"`` (16 bits with float32 weights), or a
            float type or its name.

    Raises:
        ValueError: anything else.
    """
    if isinstance(dtype, DTypePolicy):
        return dtype
    name = _name(floatx() if dtype is None else dtype)
    if name in _MIXED:
        return DTypePolicy(name, _MIXED[name], "float32")
    if name not in FLOATS:
        accepted = ", ".join((*FLOATS, *_MIXED))
        raise ValueError(f"`dtype` must be one of {accepted}, or a policy's config. Received: {dtype!r}")
    return DTypePolicy(name, name, name)


def _name(dtype):
    if isinstance(dtype, dict):
        dtype = dtype.get("config", {}).get("name")
    dtype = getattr(dtype, "name", dtype)  # a policy of Keras or a type of TensorFlow
    if isinstance(dtype, str) and dtype != "float":
        return dtype
    try:
        return as_dtype(dtype).name
    except TypeError:
        return None
