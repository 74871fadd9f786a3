"""The convolution inside other libraries that derive gradients; each module needs the package that it is named after.

``nb_sepconv.interop.autograd``, ``nb_sepconv.interop.torch`` and ``nb_sepconv.interop.jax`` are imported by themselves:
``pip install nb_sepconv[autograd]``, ``[torch]`` or ``[jax]``.
"""
