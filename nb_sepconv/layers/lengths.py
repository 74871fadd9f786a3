"""What a layer is told of examples that end at steps of their own: their lengths, or a mask."""

from __future__ import annotations

from typing import Any

from nb_sepconv.checks import array_arguments
from nb_sepconv.convolution.sizes import by_step


def lengths_or_mask(lengths: Any, mask: Any, shape: Any, channels_last: bool) -> Any:
    """``lengths``, or those that a ``mask`` (N, L) stands for, of inputs of ``shape``; None for neither.

    Raises:
        ValueError: both are given, or ``mask`` is of another shape or no prefix.
        TypeError: ``mask`` is not of booleans.
    """
    examples, steps, _ = by_step(shape, channels_last)
    return array_arguments.lengths_or_mask(lengths, mask, examples, steps)


def keywords_with(keywords: dict[str, Any], lengths: Any, mask: Any) -> dict[str, Any]:
    """The keywords of a layer's ``call``, with those of the two that are given."""
    given = {"lengths": lengths, "mask": mask}
    return {**keywords, **{name: value for name, value in given.items() if value is not None}}
