"""Named tuples of integers in memory: how plans tell compiled loops what they have decided."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from numba import types
from numba.core.cgutils import unpack_tuple
from numba.core.errors import TypingError
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, models, register_model

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES
from nb_sepconv.kernels.cpu.codegen.vector import INTP


def joined(name: Any, *kinds: Any) -> Any:
    """A named tuple type with the fields of several, one after the other."""
    return namedtuple(name, [field for kind in kinds for field in kind._fields])


class FieldsAddress(types.Type):
    """A named tuple's fields in memory, for compiled code: ``p.channels`` is one load."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        super().__init__(f"nb_sepconv.FieldsAddress({kind.__name__})")


register_model(FieldsAddress)(lambda manager, address: models.PrimitiveModel(manager, address, INTP))


@infer_getattr
class _FieldTypes(AttributeTemplate):
    key = FieldsAddress

    def generic_resolve(self, address: Any, name: Any) -> Any:
        return types.intp if name in address.kind._fields else None


@lower_getattr_generic(FieldsAddress)
def _load_field(context, builder, address_type, address, name):
    at = builder.add(address, INTP(address_type.kind._fields.index(name) * INTP_BYTES))
    return builder.load(builder.inttoptr(at, INTP.as_pointer()))


def fields_at(kind: Any) -> Any:
    """An intrinsic ``at(address)``: the intps at an address, in order, as the fields of a named tuple."""
    fields = FieldsAddress(kind)

    @intrinsic
    def at(typingctx, address):
        def codegen(context, builder, signature, arguments):
            return arguments[0]

        return fields(types.intp), codegen

    return at


def stored(kind: Any) -> Any:
    """An intrinsic ``store(parts, address)``: named tuples of integers, which together have the fields of ``kind``, as
    the intps that :func:`fields_at` reads.
    """

    @intrinsic
    def store(typingctx, parts, address):
        names = tuple(name for part in parts for name in part.fields)
        if names != kind._fields:
            raise TypingError(f"{kind.__name__} has the fields {kind._fields}. Received: {names}")
        kinds = [each for part in parts for each in part]

        def codegen(context, builder, signature, arguments):
            whole, at = arguments
            tuples = unpack_tuple(builder, whole, len(parts))
            values = [value for part in tuples for value in unpack_tuple(builder, part)]
            for value, each in zip(values, kinds, strict=True):
                builder.store(context.cast(builder, value, each, types.intp), builder.inttoptr(at, INTP.as_pointer()))
                at = builder.add(at, INTP(INTP_BYTES))
            return context.get_dummy_value()

        return types.void(parts, address), codegen

    return store


@intrinsic
def address_of_fields(typingctx: Any, fields: Any) -> Any:
    """The address that :func:`fields_at` was given."""

    def codegen(context, builder, signature, arguments):
        return arguments[0]

    return types.intp(fields), codegen
