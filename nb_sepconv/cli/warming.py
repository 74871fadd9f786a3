"""The work of first calls, done ahead of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nb_sepconv.kernels import engines, optimizers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DTYPES = ("float16", "bfloat16", "float32", "float64")
DATA_FORMATS = ("channels_last", "channels_first")


def warmup(
    dtypes: str | Iterable[str] = "float32",
    gradients: bool = False,
    data_formats: str | Iterable[str] = "channels_last",
    activations: str | Iterable[str] = (),
) -> None:
    """Compile what calls need, or load it from disk, which otherwise the first of them does.

    After ``warmup("all", gradients=True, data_formats="all", activations="all")`` no call of a layer, an operation, a
    pullback or an optimizer compiles anything on the CPU, whatever its arguments.

    Args:
        dtypes: names of types of inputs, or "all". Default "float32".
        gradients: whether gradients are needed, and the optimizers' steps with them. Default False.
        data_formats: "channels_last", "channels_first" or both, or "all". Default "channels_last".
        activations: names of activations that the kernels apply, or "all". Default none.

    Raises:
        ValueError: a name that is none of these.

    >>> warmup(gradients=True)
    """
    engine = engines.engine()
    dtypes = _names(dtypes, "dtypes", DTYPES)
    formats = _names(data_formats, "data_formats", DATA_FORMATS)
    chosen = _names(activations, "activations", sorted(engine.FUSED_ACTIVATIONS))
    for dtype in dtypes:
        engine.compile_ahead(dtype, "channels_first" in formats, bool(gradients), chosen)
        if gradients:
            optimizers.compile_ahead(dtype)


def _names(given: str | Iterable[str], argument: str, known: Sequence[str]) -> list[str]:
    names = [given] if isinstance(given, str) else list(given)
    if names == ["all"]:
        return list(known)
    if not set(names) <= set(known):
        raise ValueError(f"`{argument}` must be names among {', '.join(known)}, or all. Received: {given!r}")
    return names
