"""Where a word answers random calls otherwise than TensorFlow: word -> (what differs, why)."""

_NO_KERNEL = ("accepts", "TensorFlow has no kernel for the type on a CPU; this library computes it")
_LIMIT = ("values", "TensorFlow gives NaN at infinity; this library gives the limit")
_NARROW = ("values", "TensorFlow rounds each step to 16 bits; this library computes in float32 and rounds once")

DIFFERENCES = {
    **dict.fromkeys(("rint", "abs", "negative", "sign", "reciprocal", "squared_difference"), (_NO_KERNEL,)),
    **dict.fromkeys(("truncatemod", "pow"), (_NO_KERNEL,)),
    "cast": (("values", "C++ leaves a negative number as an unsigned one undefined, and TensorFlow with it"),),
    "constant": (("accepts", "TensorFlow's constants are no tensors; here any array becomes one"),),
    **dict.fromkeys(("nn.softsign", "nn.swish"), (_LIMIT,)),
    "nn.leaky_relu": (("values", "TensorFlow rounds the slope 0.2 to float32, in float64 too"),),
    **dict.fromkeys(("nn.weighted_cross_entropy_with_logits", "losses.sigmoid_cross_entropy"), (_NARROW,)),
    "nn.conv1d": (("accepts", "TensorFlow has no kernel for NCW in float64 on a CPU; this library computes it"),),
    "nn.softmax_cross_entropy_with_logits": (
        ("accepts", "TensorFlow takes `axis` for given twice, as its `dim` is -1 by default"),
    ),
}
