"""Random calls of TF1's array words, the same in every run: what is recorded from TensorFlow and compared with.

``calls(word)`` yields (arguments, keywords); NumPy arrays among them are tensors, the rest is Python's.
"""

import zlib

import ml_dtypes
import numpy as np

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
FLOATS = [np.dtype(name) for name in ("float16", "float32", "float32", "float64")] + [BFLOAT16]
INTEGERS = [np.dtype(name) for name in ("int32", "int32", "int64", "int8", "uint8")]
NUMBERS = [*FLOATS, *INTEGERS]
BOOL = [np.dtype(bool)]
ANY = [*NUMBERS, *BOOL]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, np.inf, -np.inf, np.nan]


class Draw:
    """Random arrays and settings, from a stream that NumPy never changes."""

    def __init__(self, name):
        self.random = np.random.RandomState(zlib.crc32(name.encode()))

    def one(self, *values):
        return values[self.random.randint(len(values))]

    def integer(self, low, high):
        """Both ends included."""
        return int(self.random.randint(low, high + 1))

    def shape(self, least=0, most=3, longest=4):
        return tuple(
            self.integer(0 if self.random.rand() < 0.06 else 1, longest) for _ in range(self.integer(least, most))
        )

    def numbers(self, shape, dtype, special=0.1, low=-4):
        """Normal numbers, one in ten of them special; whole ones from ``low`` to 5 for integers."""
        if dtype.kind == "b":
            return np.asarray(self.random.rand(*shape) < 0.5)
        if dtype.kind in "iu":
            return self.random.randint(0 if dtype.kind == "u" else low, 6, shape).astype(dtype)
        values = np.asarray(self.random.standard_normal(shape) * 2)
        if self.random.rand() < 0.3:
            chosen = self.random.rand(*shape) < special
            values = np.where(chosen, self.random.choice(SPECIAL, shape), values)
        return np.asarray(values).astype(dtype)

    def array(self, dtypes, least=0, most=3, **keywords):
        return self.numbers(self.shape(least, most), self.one(*dtypes), **keywords)

    def finite(self, dtypes, least=0, most=3, shape=None):
        return self.numbers(self.shape(least, most) if shape is None else shape, self.one(*dtypes), special=0)

    def pair(self, dtypes, special=0.1):
        """Two arrays that broadcast, mostly of one type, or an array and a number."""
        x = self.array(dtypes, special=special)
        if self.random.rand() < 0.15:
            return x, self.one(True) if x.dtype.kind == "b" else self.number(x.dtype)
        other = self.one(*dtypes) if self.random.rand() < 0.08 else x.dtype
        shape = [size if self.random.rand() < 0.7 else 1 for size in x.shape]
        shape = shape[self.integer(0, len(shape)) :] if self.random.rand() < 0.3 else shape
        y = self.numbers(tuple(shape), other, special=special)
        return (x, y) if self.random.rand() < 0.7 else (y, x)

    def number(self, dtype):
        return 2 if dtype.kind == "u" else self.one(2, -1, 3) if dtype.kind == "i" else self.one(2, -1, 0.1, 2.7)

    def axis(self, rank):
        return self.integer(-rank, rank - 1) if rank else 0

    def axes(self, rank):
        kind = self.integer(0, 3)
        if kind == 0 or not rank:
            return None
        if kind == 1:
            return self.axis(rank)
        chosen = [int(each) for each in self.random.permutation(rank)[: self.integer(0, rank)]]
        return [each - rank if self.random.rand() < 0.3 else each for each in chosen]


def _unary(dtypes):
    return lambda d: ((d.array(dtypes),), {})


def _binary(dtypes, special=0.1):
    return lambda d: (d.pair(dtypes, special), {})


def _reduction(dtypes):
    def draw(d):
        x = d.array(dtypes, special=0.05)
        axes, keep = d.axes(x.ndim), d.one(None, False, True)
        names = d.one(("axis", "keepdims"), ("reduction_indices", "keep_dims"))
        return (x,), dict(zip(names, (axes, keep), strict=True))

    return draw


def _argument(d):
    x = d.array([*FLOATS, np.dtype("int32"), np.dtype("int64")], 1, special=0)
    axis = d.axis(x.ndim)
    return (x,), d.one({"axis": axis}, {"dimension": axis}, {}, {"axis": axis, "output_type": np.int32})


def _cumulative(d):
    x = d.finite(FLOATS[1:4] + INTEGERS[:3], 1)
    return (x,), {"axis": d.axis(x.ndim), "exclusive": d.one(False, True), "reverse": d.one(False, True)}


def _matmul(d):
    dtype = d.one(*FLOATS, np.dtype("int32"))
    batch = d.shape(0, 2, 3)
    rows, inner, columns = d.integer(1, 4), d.integer(0, 4), d.integer(1, 3)
    keywords = {"transpose_a": d.one(False, True), "transpose_b": d.one(False, True)}
    a = (inner, rows) if keywords["transpose_a"] else (rows, inner)
    b = (columns, inner) if keywords["transpose_b"] else (inner, columns)
    if d.random.rand() < 0.1:
        b = (b[0] + 1, b[1])
    other = dtype if d.random.rand() < 0.95 else np.dtype("float64")
    of_b = batch if d.random.rand() < 0.7 else ()
    return (d.finite([dtype], shape=(*batch, *a)), d.finite([other], shape=(*of_b, *b))), keywords


def _tensordot(d):
    dtype = d.one(np.dtype("float32"), np.dtype("float64"))
    left, joined, right = d.shape(0, 2, 3), d.shape(1, 2, 3), d.shape(0, 2, 3)
    a, b = d.finite([dtype], shape=left + joined), d.finite([dtype], shape=joined + right)
    count = len(joined)
    lists = [[len(left) + i for i in range(count)], list(range(count))]
    return (a, b, d.one(count, lists)), {}


def _einsum(d):
    i, j, k, b = (d.integer(1, 3) for _ in range(4))
    dtype = [d.one(np.dtype("float32"), np.dtype("float64"))]
    equation, shapes = d.one(
        *(("ij,jk->ik", [(i, j), (j, k)]), ("bij,bjk->bik", [(b, i, j), (b, j, k)]), ("ij->ji", [(i, j)])),
        *(("bihd,bjhd->bhij", [(b, i, 2, k), (b, j, 2, k)]), ("ij,j->i", [(i, j), (j,)]), ("ij->", [(i, j)])),
        *(("i,j->ij", [(i,), (j,)]), ("ij,kj->ik", [(i, j), (k, j)]), ("...i,ij->...j", [(b, 2, i), (i, j)])),
    )
    return (equation, *(d.finite(dtype, shape=shape) for shape in shapes)), {}


def _cast(d):
    x = d.finite(ANY)
    return (x, d.one("float16", "float32", "float64", "int32", "int64", "bool", "bfloat16", "uint8")), {}


def _saturate(d):
    return (
        d.finite([*FLOATS[1:4], *INTEGERS[:3]]) * np.array(d.one(1, 70)).astype("int8"),
        d.one("uint8", "int8", "int32"),
    ), {}


def _scalar_mul(d):
    return (d.one(2, -1), d.array(NUMBERS)), {}


def _add_n(d):
    shape, dtype = d.shape(), d.one(*FLOATS[1:4], np.dtype("int32"))
    arrays = [d.finite([dtype], shape=shape) for _ in range(d.integer(1, 4))]
    if d.random.rand() < 0.1:
        arrays.append(d.finite([d.one(dtype, np.dtype("float64"))], shape=(*shape, 2)))
    return (arrays,), {}


def _norm(d):
    x = d.finite(FLOATS[1:4])
    axes, order = d.axes(x.ndim), d.one("euclidean", 1, 2, np.inf, 3)
    if isinstance(axes, list):
        axes = axes[0] if axes else None
    return (x,), {"ord": order, "axis": axes, "keepdims": d.one(False, True)}


def _segments(d):
    x = d.finite(FLOATS[1:4] + INTEGERS[:2], 1)
    ids = np.sort(d.random.randint(0, 3, x.shape[:1])).astype("int32")
    return (x, ids), {}


def _unsorted_segments(d):
    x = d.finite(FLOATS[1:4] + INTEGERS[:2], 1)
    return (x, d.random.randint(-1, 3, x.shape[:1]).astype("int32"), 3), {}


def _reshape(d):
    x = d.array(ANY)
    sizes = list(d.random.permutation(x.shape)) + [1] * d.integer(0, 1)
    sizes = [int(size) for size in sizes]
    if sizes and d.random.rand() < 0.4:
        sizes[d.integer(0, len(sizes) - 1)] = -1
    if d.random.rand() < 0.1:
        sizes = [*sizes, 2]
    return (x, d.one(sizes, tuple(sizes), np.array(sizes, "int32"))), {}


def _transpose(d):
    x = d.array(ANY)
    perm = [int(each) for each in d.random.permutation(x.ndim)]
    return (x,), d.one({}, {"perm": perm}, {"perm": perm[::-1]})


def _matrix_transpose(d):
    return (d.array(ANY, 1, 4),), {}


def _expand_dims(d):
    x = d.array(ANY)
    axis = d.integer(-x.ndim - 1, x.ndim) if d.random.rand() < 0.95 else x.ndim + 1
    return (x,), d.one({"axis": axis}, {"dim": axis})


def _squeeze(d):
    shape = [size if d.random.rand() < 0.5 else 1 for size in d.shape(0, 4)]
    x = d.numbers(tuple(shape), d.one(*ANY))
    ones = [i for i, size in enumerate(shape) if size == 1][: d.integer(0, 3)]
    ones = ones if d.random.rand() < 0.9 or not shape else [*ones, 0]
    return (x,), d.one({}, {"axis": ones}, {"squeeze_dims": ones})


def _tile(d):
    x = d.array(ANY)
    return (x, [d.integer(0, 3) for _ in range(x.ndim if d.random.rand() < 0.95 else x.ndim + 1)]), {}


def _reverse(d):
    x = d.array(ANY, 1)
    return (x, d.axes(x.ndim) or [0] if not isinstance(d.axes(x.ndim), int) else [d.axis(x.ndim)]), {}


def _broadcast_to(d):
    shape = d.shape()
    x = d.numbers(tuple(size if d.random.rand() < 0.6 else 1 for size in shape), d.one(*ANY))
    return (x, [*([d.integer(1, 3)] * d.integer(0, 1)), *shape]), {}


def _roll(d):
    x = d.array(ANY, 1)
    axes = [int(each) for each in d.random.permutation(x.ndim)[: d.integer(1, x.ndim)]]
    return (x, [d.integer(-5, 5) for _ in axes], axes), {}


def _repeat(d):
    x = d.finite(NUMBERS, 1)
    axis = d.one(None, d.axis(x.ndim))
    length = x.size if axis is None else x.shape[axis]
    return (x, d.one(d.integer(0, 3), [d.integer(0, 3) for _ in range(length)])), {"axis": axis}


def _pad(d):
    x = d.array(ANY, 1, special=0)
    most = 2 if d.random.rand() < 0.8 else 5
    widths = [[d.integer(0, most), d.integer(0, most)] for _ in range(x.ndim)]
    keywords = (
        {"mode": d.one("CONSTANT", "REFLECT", "SYMMETRIC", "reflect", "constant")} if d.random.rand() < 0.8 else {}
    )
    if keywords.get("mode", "constant").lower() == "constant" and d.random.rand() < 0.4 and x.dtype.kind != "b":
        keywords["constant_values"] = 3
    return (x, d.one(widths, np.array(widths, "int32"))), keywords


def _band(d):
    return (d.finite(NUMBERS, 2), d.integer(-1, 2), d.integer(-1, 2)), {}


def _diag(d):
    return (d.finite(FLOATS[1:4] + INTEGERS[:3], 1, 2),), {}


def _diag_part(d):
    shape = d.shape(1, 2, 3)
    return (d.finite(FLOATS[1:4] + INTEGERS[:3], shape=shape * 2),), {}


def _sizes(d):
    return (d.array(ANY),), d.one({}, {"out_type": np.int64})


def _rank(d):
    return (d.array(ANY),), {}


def _concat(d):
    dtype, shape = d.one(*ANY), list(d.shape(1))
    axis = d.axis(len(shape))
    arrays = []
    for _ in range(d.integer(1, 4)):
        shape[axis] = d.integer(0, 3)
        arrays.append(d.numbers(tuple(shape), dtype if d.random.rand() < 0.97 else d.one(*ANY)))
    if d.random.rand() < 0.05:
        arrays.append(d.numbers((*shape, 2), dtype))
    return (arrays, axis), {}


def _stack(d):
    dtype, shape = d.one(*ANY), d.shape()
    arrays = [d.numbers(shape, dtype) for _ in range(d.integer(1, 4))]
    if d.random.rand() < 0.05:
        arrays.append(d.numbers((*shape, 2), dtype))
    return (arrays,), d.one({}, {"axis": d.integer(-len(shape) - 1, len(shape))})


def _unstack(d):
    x = d.array(ANY, 1)
    axis = d.axis(x.ndim)
    return (x,), d.one({}, {"axis": axis}, {"axis": axis, "num": x.shape[axis]})


def _split(d):
    x = d.array(ANY, 1)
    axis = d.axis(x.ndim)
    first = d.integer(0, x.shape[axis])
    sizes = [first, x.shape[axis] - first]
    if d.random.rand() < 0.4:
        sizes[d.integer(0, 1)] = -1
    return (x, d.one(1, 2, 3, sizes)), {"axis": axis}


def _meshgrid(d):
    return tuple(d.finite([np.dtype("float32")], 1, 1) for _ in range(d.integer(1, 3))), {"indexing": d.one("xy", "ij")}


def _slice(d):
    x = d.array(ANY, 1)
    begin = [d.integer(0, size) for size in x.shape]
    size = [d.one(-1, d.integer(0, length - first)) for first, length in zip(begin, x.shape, strict=True)]
    if d.random.rand() < 0.1:
        size[0] = x.shape[0] - begin[0] + 1
    return (x, begin, size), {}


def _strided_slice(d):
    x = d.array(ANY, 1)
    count = d.integer(1, x.ndim)
    begin, end = ([d.integer(-5, 5) for _ in range(count)] for _ in range(2))
    return (x, begin, end, [d.one(1, 1, 2, -1, -2) for _ in range(count)]), {}


def _gather(d):
    x = d.array(ANY, 1)
    axis, keywords = d.one((0, {}), (d.axis(x.ndim), None), (d.axis(x.ndim), None))
    keywords = {"axis": axis} if keywords is None else keywords
    over = 0 if d.random.rand() < 0.9 else 1
    length = x.shape[axis] + over
    indices = d.random.randint(-over, max(length, 1), d.shape(0, 2)).astype(d.one("int32", "int64"))
    return (x, indices), keywords


def _batch_gather(d):
    shape = (*d.shape(1, 1), 3, *d.shape(0, 1))
    x = d.finite(NUMBERS, shape=shape)
    axis = d.integer(1, len(shape) - 1)
    if not shape[axis]:
        axis = 1
    indices = d.random.randint(0, shape[axis], (shape[0], *d.shape(0, 2))).astype("int32")
    return (x, indices), {"axis": axis, "batch_dims": 1}


def _gather_nd(d):
    x = d.finite(NUMBERS, 1)
    depth = d.integer(0, x.ndim)
    over = 1 if d.random.rand() < 0.1 else 0
    columns = [d.random.randint(0, max(size, 1) + over, d.shape(0, 2, 3) or (2,)) for size in x.shape[:1]]
    shape = columns[0].shape
    columns = [d.random.randint(0, max(size, 1) + over, shape) for size in x.shape[:depth]]
    return (x, (np.stack(columns, -1) if columns else np.zeros((*shape, 0))).astype("int32")), {}


def _scatter_nd(d):
    rows, width = d.integer(1, 4), d.integer(1, 3)
    indices = d.random.randint(0, rows + (d.random.rand() < 0.1), (d.integer(0, 4), 1)).astype("int32")
    return (indices, d.finite(FLOATS[1:4] + INTEGERS[:2], shape=(len(indices), width)), [rows, width]), {}


def _where(d):
    x, other = d.array(ANY, 0, 3), d.random.rand()
    if other < 0.2:
        return (d.array(ANY),), {}
    y = d.numbers(x.shape, x.dtype)
    shape = x.shape if other < 0.5 else x.shape[:1] if other < 0.8 else () if other < 0.9 else x.shape[-1:]
    return (d.numbers(shape, np.dtype(bool)), x, y), {}


def _where_v2(d):
    x, y = d.pair(ANY)
    return (d.numbers(d.one((), getattr(x, "shape", ()), (1,)), np.dtype(bool)), x, y), {}


def _boolean_mask(d):
    x = d.array(ANY, 1)
    axis = d.one(None, 0, d.integer(0, x.ndim - 1))
    first = axis or 0
    shape = x.shape[first : d.integer(first + 1, x.ndim)]
    return (x, d.numbers(shape, np.dtype(bool))), {"axis": axis}


def _one_hot(d):
    indices = d.random.randint(-2, 5, d.shape()).astype(d.one("int32", "int64", "uint8"))
    keywords = d.one(
        *({}, {"on_value": 5.0, "off_value": -1.0}, {"dtype": "int32"}, {"on_value": 2, "off_value": 7}),
        *({"on_value": True, "off_value": False, "dtype": "bool"}, {"dtype": "float64", "on_value": 0.5}),
    )
    if d.random.rand() < 0.5:
        keywords = {**keywords, "axis": d.integer(-1, indices.ndim)}
    return (indices, d.integer(0, 4)), keywords


def _sequence_mask(d):
    lengths = d.random.randint(-1, 5, d.shape()).astype(d.one("int32", "int64"))
    keywords = {} if lengths.size and d.random.rand() < 0.5 else {"maxlen": d.integer(0, 6)}
    return (lengths,), {**keywords, **d.one({}, {"dtype": "float32"}, {"dtype": "int32"})}


def _reverse_sequence(d):
    x = d.array(ANY, 2)
    batch, axis = (int(each) for each in d.random.permutation(x.ndim)[:2])
    lengths = d.random.randint(0, x.shape[axis] + 1, x.shape[batch]).astype(d.one("int32", "int64"))
    return (x, lengths), d.one({"seq_axis": axis, "batch_axis": batch}, {"seq_dim": axis, "batch_dim": batch})


def _permutation(d):
    return (d.random.permutation(d.integer(0, 6)).astype(d.one("int32", "int64")),), {}


def _like(d):
    return (d.array(ANY),), d.one({}, {"dtype": "float32"}, {"dtype": "int64"})


def _filled(d):
    return (list(d.shape()),), d.one(
        {}, {"dtype": "float64"}, {"dtype": "int32"}, {"dtype": "bool"}, {"dtype": "bfloat16"}
    )


def _fill(d):
    return (list(d.shape()), d.one(2, 1.5, True, d.finite(NUMBERS, shape=()))), {}


def _constant(d):
    value = d.one(1, 2.5, True, [1, 2], [[1.5], [2.0]], [], d.finite(ANY), [True, False])
    keywords = d.one({}, {}, {"dtype": "float64"}, {"dtype": "float16"}, {"dtype": "int32"}, {"dtype": "bool"})
    return (value,), keywords if isinstance(value, (int, float, list)) or keywords else {}


def _range(d):
    numbers = d.one(
        (d.integer(0, 5),), (d.integer(-3, 3), d.integer(3, 8)), (0.5, 4.0, 0.75), (5, -1, -2), (1, 10, 4), (3.0,)
    )
    return numbers, d.one({}, {"dtype": "float32"}, {"dtype": "int64"} if isinstance(numbers[0], int) else {})


def _linspace(d):
    dtype = d.one("float32", "float64")
    start, stop = (np.asarray(d.random.standard_normal(), dtype) for _ in range(2))
    return (start, stop, d.integer(0, 6)), {}


def _eye(d):
    return (d.integer(0, 3),), d.one({}, {"num_columns": d.integer(1, 4)}, {"batch_shape": [2]}, {"dtype": "int32"})


def _clip(d):
    x = d.finite(FLOATS[1:4] + INTEGERS[:2])
    return (x, -1, 2), {}


def _activation(d):
    return (d.array(FLOATS),), {}


def _softmax(d):
    x = d.finite(FLOATS, 1)
    axis = d.axis(x.ndim)
    return (x,), d.one({}, {"axis": axis}, {"dim": axis})


def _l2_normalize(d):
    x = d.finite(FLOATS[1:4])
    return (x,), d.one({"axis": d.axes(x.ndim)}, {"dim": d.axes(x.ndim)}, {"axis": d.axes(x.ndim), "epsilon": 0.5})


def _moments(d):
    x = d.finite(FLOATS[:4], 1)
    axes = d.axes(x.ndim)
    axes = [0] if not isinstance(axes, list) or not axes else axes
    return (x, axes), d.one({}, {"keep_dims": True}, {"keepdims": True})


def _batch_normalization(d):
    x = d.finite(FLOATS[1:4], 1)
    shape = x.shape[-1:]
    mean, offset, scale = (d.finite([x.dtype], shape=shape) for _ in range(3))
    variance = np.abs(d.finite([x.dtype], shape=shape))
    return (x, mean, variance, d.one(None, offset), d.one(None, scale), 0.01), {}


def _dropout(d):
    x = d.finite(FLOATS[1:4], 1)
    noise = [d.one(1, size) for size in x.shape]
    keywords = d.one(
        {"rate": 0.3}, {"keep_prob": 0.7}, {"rate": 0.0}, {"keep_prob": 1.0}, {"rate": 0.5, "noise_shape": noise}
    )
    return (x,), {**keywords, "seed": d.integer(1, 99)}


def _bias_add(d):
    x = d.finite(FLOATS[1:4], 2)
    first = d.one(False, True) and x.ndim >= 3
    axis = 1 if first else x.ndim - 1
    keywords = {"data_format": "NCHW" if first else "NHWC"} if first or d.random.rand() < 0.3 else {}
    return (x, d.finite([x.dtype], shape=(x.shape[axis],))), keywords


def _xw_plus_b(d):
    n, i, o = (d.integer(1, 4) for _ in range(3))
    dtype = [d.one(*FLOATS[1:4])]
    return tuple(d.finite(dtype, shape=shape) for shape in ((n, i), (i, o), (o,))), {}


def _logits(d):
    logits = d.finite(FLOATS, 1)
    labels = np.abs(d.finite([logits.dtype], shape=logits.shape))
    return (), {"labels": labels, "logits": logits}


def _weighted_logits(d):
    keywords = _logits(d)[1]
    return (), {**keywords, "pos_weight": d.one(2.0, 0.5)}


def _softmax_logits(d):
    keywords = _logits(d)[1]
    axis = d.axis(keywords["logits"].ndim)
    return (), {**keywords, **d.one({}, {"axis": axis}, {"dim": axis})}


def _sparse_logits(d):
    logits = d.finite(FLOATS[:4], shape=(*d.shape(0, 2), 3))
    return (), {"labels": d.random.randint(0, 3, logits.shape[:-1]).astype("int32"), "logits": logits}


def _embedding(d):
    table = d.finite(FLOATS[1:4] + INTEGERS[:1], shape=(d.integer(2, 5), *d.shape(0, 2)))
    over = 1 if d.random.rand() < 0.1 else 0
    ids = d.random.randint(0, len(table) + over, d.shape()).astype(d.one("int32", "int64"))
    limited = table.dtype.kind == "f" and table.ndim > 1 and d.random.rand() < 0.3
    return (table, ids), {"max_norm": 1.0} if limited else {}


def _embeddings(d):
    tables = [d.finite([np.dtype("float32")], shape=(2, 3)) for _ in range(d.integer(2, 3))]
    ids = d.random.randint(0, 2 * len(tables), d.shape()).astype("int32")
    return (tables, ids), {"partition_strategy": d.one("mod", "div")}


def _top_k(d):
    x = d.finite(FLOATS[1:4] + INTEGERS[:2], 1)
    return (x, d.integer(0, x.shape[-1])), {}


def _in_top_k(d):
    n, classes = d.integer(1, 4), d.integer(1, 4)
    return (
        d.finite([np.dtype("float32")], shape=(n, classes)),
        d.random.randint(0, classes, n).astype("int32"),
        d.integer(1, 3),
    ), {}


def _loss(first="labels", second="predictions"):
    def draw(d):
        shape = d.shape(1)
        labels, predictions = (d.finite([d.one(*FLOATS[1:4])], shape=shape) for _ in range(2))
        if first != "labels" or second != "predictions":
            labels = np.abs(labels) % 1
        keywords = {first: labels, second: predictions, "weights": _weights(d, shape)}
        return (), {**keywords, **d.one({}, {}, {"reduction": d.one(*REDUCTIONS)})}

    return draw


REDUCTIONS = (
    *("none", "weighted_sum", "weighted_sum_over_batch_size", "weighted_mean", "weighted_sum_by_nonzero_weights"),
)


def _weights(d, shape):
    if d.random.rand() < 0.4:
        return d.one(1.0, 2.0, 0.0)
    sizes = tuple(d.one(1, size) for size in shape)
    weights = d.finite([np.dtype("float32")], shape=sizes if d.random.rand() < 0.9 else (*sizes, 2))
    return np.where(d.random.rand(*weights.shape) < 0.3, np.float32(0), weights)


def _probabilities(d):
    _, keywords = _loss()(d)
    return (), {
        **keywords,
        "labels": np.abs(keywords["labels"]) % 1,
        "predictions": np.abs(keywords["predictions"]) % 1,
    }


def _pairwise(d):
    shape = d.shape(2)
    labels, predictions = (d.finite([d.one(*FLOATS[1:4])], shape=shape) for _ in range(2))
    return (), {"labels": labels, "predictions": predictions, "weights": d.one(1.0, 2.0)}


def _cosine(d):
    args, keywords = _loss()(d)
    rank = keywords["labels"].ndim
    return args, {**keywords, "weights": 1.0, "axis": d.axis(rank)}


def _softmax_loss(d):
    _, keywords = _softmax_logits(d)
    shape = keywords["logits"].shape[:-1]
    smoothing = d.one({}, {"label_smoothing": 0.1})
    return (), {
        "onehot_labels": keywords["labels"],
        "logits": keywords["logits"],
        "weights": _weights(d, shape),
        **smoothing,
    }


def _sigmoid_loss(d):
    _, keywords = _logits(d)
    smoothing = d.one({}, {"label_smoothing": 0.1})
    weights = _weights(d, keywords["logits"].shape)
    return (), {"multi_class_labels": keywords["labels"], "logits": keywords["logits"], "weights": weights, **smoothing}


def _sparse_loss(d):
    _, keywords = _sparse_logits(d)
    return (), {**keywords, "weights": _weights(d, keywords["labels"].shape)}


def _conv1d(d):
    channels, dtype, first = d.integer(1, 4), d.one(*FLOATS[1:4]), d.integer(0, 2) == 0
    series = d.shape(1, 2)[-2:] + ((channels, d.integer(1, 9)) if first else (d.integer(1, 9), channels))
    keywords = {"padding": d.one("SAME", "VALID", "VALID"), **({"data_format": "NCW"} if first else {})}
    stride, dilations = d.one((1, 1), (2, 1), (3, 1), (1, 2), (1, 3), (2, 2))
    steps = d.one({"stride": stride}, {"stride": [stride]}, {"stride": [1, 1, stride] if first else [1, stride, 1]})
    spread = {} if dilations == 1 else {"dilations": dilations}
    value = d.numbers(series, dtype, special=0)
    kernel = d.numbers((d.integer(1, 4), channels, d.integer(1, 5)), dtype, special=0)
    return (value, kernel), {**keywords, **steps, **spread}


def _random(d):
    return (list(d.shape(1)),), {"seed": d.integer(1, 99), **d.one({}, {"dtype": "float64"})}


_FLOAT_WORDS = (
    *("sqrt", "rsqrt", "exp", "expm1", "log", "log1p", "log_sigmoid", "sigmoid", "sin", "cos", "tan", "asin", "acos"),
    *("atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "ceil", "floor", "rint", "is_nan"),
    *("is_inf", "is_finite"),
)
_ACTIVATIONS = ("relu", "relu6", "elu", "selu", "softplus", "softsign", "swish", "leaky_relu", "crelu")
WORDS = {
    **dict.fromkeys(_FLOAT_WORDS, _unary(FLOATS)),
    **dict.fromkeys(("abs", "negative", "sign", "square", "round", "reciprocal"), _unary(NUMBERS)),
    "logical_not": _unary(BOOL),
    **dict.fromkeys(("identity", "stop_gradient"), _unary(ANY)),
    **dict.fromkeys(("add", "subtract", "multiply", "maximum", "minimum", "squared_difference"), _binary(NUMBERS)),
    **dict.fromkeys(("divide", "truediv", "div", "floordiv", "floormod", "mod", "truncatediv"), _binary(NUMBERS)),
    **dict.fromkeys(("truncatemod", "floor_div", "pow"), _binary(NUMBERS)),
    **dict.fromkeys(("realdiv", "div_no_nan", "atan2"), _binary(FLOATS)),
    **dict.fromkeys(("equal", "not_equal"), _binary(ANY)),
    **dict.fromkeys(("less", "less_equal", "greater", "greater_equal"), _binary(NUMBERS)),
    **dict.fromkeys(("logical_and", "logical_or", "logical_xor"), _binary(BOOL)),
    **dict.fromkeys(("reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod"), _reduction(NUMBERS)),
    **dict.fromkeys(("reduce_all", "reduce_any"), _reduction(BOOL)),
    "reduce_logsumexp": _reduction(FLOATS),
    "count_nonzero": _reduction(NUMBERS),
    **dict.fromkeys(("argmax", "argmin"), _argument),
    **dict.fromkeys(("cumsum", "cumprod"), _cumulative),
    **{"matmul": _matmul, "tensordot": _tensordot, "einsum": _einsum, "cast": _cast, "saturate_cast": _saturate},
    **dict.fromkeys(("to_float", "to_double", "to_int32", "to_int64", "to_bfloat16"), lambda d: ((d.finite(ANY),), {})),
    **{"trace": lambda d: ((d.finite(FLOATS[1:4], 2),), {}), "scalar_mul": _scalar_mul, "add_n": _add_n},
    **{"norm": _norm, "segment_sum": _segments, "unsorted_segment_sum": _unsorted_segments},
    **{"unsorted_segment_max": _unsorted_segments, "reshape": _reshape, "transpose": _transpose},
    **{"matrix_transpose": _matrix_transpose, "expand_dims": _expand_dims, "squeeze": _squeeze, "tile": _tile},
    **{"reverse": _reverse, "broadcast_to": _broadcast_to, "roll": _roll, "repeat": _repeat, "pad": _pad},
    **{"matrix_band_part": _band, "diag": _diag, "diag_part": _diag_part, "shape": _sizes, "size": _sizes},
    **{"rank": _rank, "concat": _concat, "stack": _stack, "unstack": _unstack, "split": _split},
    **{"meshgrid": _meshgrid, "slice": _slice, "strided_slice": _strided_slice, "gather": _gather},
    **{"gather/batch": _batch_gather, "gather_nd": _gather_nd, "scatter_nd": _scatter_nd, "where": _where},
    **{"where_v2": _where_v2, "boolean_mask": _boolean_mask, "one_hot": _one_hot, "sequence_mask": _sequence_mask},
    **{"reverse_sequence": _reverse_sequence, "invert_permutation": _permutation, "zeros_like": _like},
    **{"ones_like": _like, "zeros": _filled, "ones": _filled, "fill": _fill, "constant": _constant},
    **{"range": _range, "linspace": _linspace, "eye": _eye, "clip_by_value": _clip, "random_uniform": _random},
    **{"random_normal": _random, "truncated_normal": _random},
    **{f"nn.{name}": _activation for name in _ACTIVATIONS},
    **{"nn.softmax": _softmax, "nn.log_softmax": _softmax, "nn.l2_loss": _activation},
    **{"nn.l2_normalize": _l2_normalize, "nn.moments": _moments, "nn.batch_normalization": _batch_normalization},
    **{"nn.conv1d": _conv1d, "nn.dropout": _dropout, "nn.bias_add": _bias_add, "nn.xw_plus_b": _xw_plus_b},
    **{"nn.zero_fraction": _unary(NUMBERS), "nn.sigmoid_cross_entropy_with_logits": _logits},
    **{"nn.weighted_cross_entropy_with_logits": _weighted_logits},
    **{"nn.softmax_cross_entropy_with_logits": _softmax_logits},
    **{"nn.sparse_softmax_cross_entropy_with_logits": _sparse_logits, "nn.embedding_lookup": _embedding},
    **{"nn.embedding_lookup/tables": _embeddings, "nn.top_k": _top_k, "nn.in_top_k": _in_top_k},
    **{f"losses.{name}": _loss() for name in ("absolute_difference", "mean_squared_error", "huber_loss")},
    **{"losses.hinge_loss": _loss("labels", "logits"), "losses.log_loss": _probabilities},
    **{"losses.cosine_distance": _cosine, "losses.mean_pairwise_squared_error": _pairwise},
    **{"losses.softmax_cross_entropy": _softmax_loss, "losses.sigmoid_cross_entropy": _sigmoid_loss},
    "losses.sparse_softmax_cross_entropy": _sparse_loss,
}
CALLS_OF_EACH = 40


def calls(word):
    """The calls of a word as (arguments, keywords)."""
    return [WORDS[word](Draw(f"{word}.{i}")) for i in range(CALLS_OF_EACH)]


def function_of(tf, word):
    """The function of a library that a case calls; what follows a slash tells cases of one word apart."""
    for part in word.partition("/")[0].split("."):
        tf = getattr(tf, part)
    return tf


def with_arrays(value, make):
    """The arguments with each NumPy array replaced by ``make(array)``."""
    if isinstance(value, np.ndarray):
        return make(value)
    if isinstance(value, (list, tuple)) and any(isinstance(each, np.ndarray) for each in value):
        return [with_arrays(each, make) for each in value]
    return {key: with_arrays(each, make) for key, each in value.items()} if isinstance(value, dict) else value
