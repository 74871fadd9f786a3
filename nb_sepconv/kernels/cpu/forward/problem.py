"""One call's sizes as plain integers: what the compiled loops are told."""

from typing import NamedTuple

from numba import types
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, models, register_model

from nb_sepconv.kernels.cpu.codegen.vector import INTP


class Problem(NamedTuple):
    """All integers; strides and ``*_bytes`` are in bytes. A row is one output step of one example."""

    examples: int
    length: int
    channels: int
    steps: int
    filters: int
    kernel_size: int
    multiplier: int
    stride: int
    dilation: int
    left: int

    input_example_stride: int
    input_step_stride: int
    input_channel_stride: int
    output_example_stride: int
    output_step_stride: int
    output_filter_stride: int

    width: int
    item_bytes: int
    stored_bytes: int
    tile_rows: int
    tiles: int
    row_groups: int
    row_group: int
    sum_blocks: int
    load_blocks: int
    filter_parts: int
    windows: int
    window_span: int
    phases: int
    phase_rows: int
    output_phases: int
    runs: int
    blocks: int
    panels: int
    part_panels: int
    window_steps: int
    window_bytes: int
    tap_table: int
    x: int
    x_block_bytes: int
    hidden: int
    hidden_block_bytes: int
    y: int
    scratch_bytes: int
    bias: int
    pointwise: int
    pack_table: int
    packed_bytes: int

    rows_in_place: int
    fused: int

    load_rows: int
    load_items: int
    pack_panel: int
    load: int
    convolve: int
    multiply_panel: int
    multiply_vector: int
    activate: int
    store: int


class FieldsAddress(types.Type):
    """A named tuple's fields in memory, for compiled code: ``p.channels`` is one load."""

    def __init__(self, kind):
        self.kind = kind
        super().__init__(f"nb_sepconv.FieldsAddress({kind.__name__})")


register_model(FieldsAddress)(lambda manager, address: models.PrimitiveModel(manager, address, INTP))


@infer_getattr
class _FieldTypes(AttributeTemplate):
    key = FieldsAddress

    def generic_resolve(self, address, name):
        return types.intp if name in address.kind._fields else None


@lower_getattr_generic(FieldsAddress)
def _load_field(context, builder, address_type, address, name):
    at = builder.add(address, INTP(address_type.kind._fields.index(name) * INTP.width // 8))
    return builder.load(builder.inttoptr(at, INTP.as_pointer()))


def fields_at(kind):
    """An intrinsic ``at(address)``: the intps at an address, in order, as the fields of a named tuple."""
    fields = FieldsAddress(kind)

    @intrinsic
    def at(typingctx, address):
        def codegen(context, builder, signature, arguments):
            return arguments[0]

        return fields(types.intp), codegen

    return at


problem_at = fields_at(Problem)


@intrinsic
def address_of_fields(typingctx, fields):
    """The address that :func:`fields_at` was given."""

    def codegen(context, builder, signature, arguments):
        return arguments[0]

    return types.intp(fields), codegen
