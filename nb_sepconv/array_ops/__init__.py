"""TF1's words for making, shaping, joining and selecting arrays; each returns a new ``Tensor``.

``name`` arguments are TF1's operation names; arrays have none, so they are accepted and unused.
"""
