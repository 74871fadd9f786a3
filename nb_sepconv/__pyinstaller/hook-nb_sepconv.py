"""PyInstaller's hook: modules that are loaded by name when they are first used, which it cannot see by itself.

Those for other libraries, ``interop`` and ``kernels.cuda``, come along where a program imports them.
"""

from PyInstaller.utils.hooks import collect_submodules

_ASKED_FOR = ("nb_sepconv.interop.", "nb_sepconv.kernels.cuda", "nb_sepconv.__pyinstaller")

hiddenimports = collect_submodules("nb_sepconv", filter=lambda name: not name.startswith(_ASKED_FOR))
excludedimports = ["jax", "onnx", "tensorflow", "torch"]
