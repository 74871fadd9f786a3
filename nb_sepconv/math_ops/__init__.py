"""TF1's arithmetic, comparisons, reductions and products; each word returns a new ``Tensor``.

``name`` arguments are TF1's operation names; arrays have none, so they are accepted and unused.
"""
