"""Metadata and dependencies of nb_sepconv."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HOME = ""  # the address of the published repository; empty: no project URLs, and the README's links stay relative

ROOT = Path(__file__).parent
VERSION = (ROOT / "nb_sepconv" / "version.py").read_text(encoding="utf-8").split('"')[-2]
FILES = f"{HOME}/blob/v{VERSION}/"
PROJECT_URLS = {
    "Source": HOME,
    "Documentation": FILES + "docs",
    "Changelog": FILES + "CHANGELOG.md",
    "Issues": f"{HOME}/issues",
}
PLACE = re.compile(r'(\]\(|(?:src|href)=")(?![a-z]+:|#)([^)"\s]+)')  # in the repository, in Markdown and in HTML


def with_absolute_links(markdown):
    """The text with links that lead to ``HOME``, and pictures from there."""
    return PLACE.sub(lambda link: link[1] + _address(link[2]), markdown)


def _address(path):
    return f"{HOME}/raw/v{VERSION}/{path}" if path.endswith((".png", ".svg")) else FILES + path


README = (ROOT / "README.md").read_text(encoding="utf-8")

HDF5 = ["h5py>=3.8"]
ONNX = ["onnx>=1.16"]
CLI = ["rich>=13"]
BATCH = [*HDF5, *CLI, "edfio>=0.4.10", "soundfile>=0.12", "zarr>=2.18"]
FREEZE = ["pyinstaller>=6"]
DEMO = ["heartpy==1.2.7", "matplotlib>=3.8", "rich>=13"]
AUTOGRAD = ["autograd>=1.7"]
TORCH = ["torch>=2.4"]
JAX = ["jax>=0.4.35"]
DASK = ["dask[array]>=2025.1"]
DOCS = ["matplotlib>=3.8", "myst-parser>=4", "pydata-sphinx-theme>=0.16", "sphinx>=8", "sphinx-design>=0.6"]
DOCS += ["sphinx-gallery>=0.18"]
BENCH = ["ml_dtypes>=0.4", "onnx>=1.16", "onnxruntime>=1.18", "openvino>=2024.4"]
CUDA_COMPILER = ["nvidia-nvvm", "nvidia-cuda-nvrtc", "nvidia-cuda-nvcc"]
NUMBA_CUDA = ">=0.24,<0.31"
CUDA12 = [f"numba-cuda[cu12]{NUMBA_CUDA}"]
CUDA13 = [f"numba-cuda[cu13]{NUMBA_CUDA}", "cuda-toolkit==13.0.*"]  # a 13.0 driver refuses what later compilers write
COMPILER = [f"{name}==13.0.*; sys_platform != 'darwin'" for name in CUDA_COMPILER]
BENCHGPU = ["torch>=2.4", "jax[cuda13]>=0.7"]
GPUCHECK = ["cuda-toolkit[sanitizer]==13.0.*"]
CUPY_CUDA12, CUPY_CUDA13 = ["cupy-cuda12x>=13.6"], ["cupy-cuda13x>=13.6"]
TEST = ["hypothesis>=6", "ml_dtypes>=0.4", "pytest>=8", "pytest-xdist>=3.5", "safetensors>=0.4", "setuptools>=77"]
TEST += ["import-linter>=2.3", "jedi>=0.19", "keras>=3.9"]
LINT = ["mypy==2.4.1", "pyright[nodejs]==1.1.414", "ruff==0.17.6"]
TEST += [*AUTOGRAD, *BATCH, *DASK, *DEMO, *HDF5, *JAX, *ONNX, "distributed>=2025.1", "joblib>=1.3", "xarray>=2025.1"]
TEST += [f"numba-cuda{NUMBA_CUDA}; sys_platform != 'darwin'"]

setup(
    name="nb_sepconv",
    version=VERSION,
    description="TF1's separable_conv1d on NumPy arrays without TensorFlow: fast Numba kernels, TF's names and answers",
    long_description=with_absolute_links(README) if HOME else README,
    long_description_content_type="text/markdown",
    author="The nb_sepconv developers",
    url=HOME or None,
    project_urls=PROJECT_URLS if HOME else {},
    license_expression="Apache-2.0",
    license_files=["LICENSE"],
    keywords=["separable convolution", "time series", "numba", "numpy", "tensorflow", "tf1", "keras"],
    packages=find_packages(include=["nb_sepconv", "nb_sepconv.*"]),
    package_data={"": ["*.pyi"], "nb_sepconv": ["py.typed"]},
    zip_safe=False,
    python_requires=">=3.10",
    install_requires=["numba>=0.61", "numpy>=1.26"],
    extras_require={
        "autograd": AUTOGRAD,
        "dask": DASK,
        "torch": TORCH,
        "freeze": FREEZE,
        "jax": JAX,
        "test": TEST,
        "lint": LINT,
        "hdf5": HDF5,
        "onnx": ONNX,
        "cli": CLI,
        "batch": BATCH,
        "demo": DEMO,
        "docs": DOCS,
        "bench": BENCH,
        "cuda12": CUDA12,
        "cuda13": CUDA13,
        "cudacompile": COMPILER,
        "gpucheck": GPUCHECK,
        "cupycuda12": CUPY_CUDA12,
        "cupycuda13": CUPY_CUDA13,
        "benchgpu": BENCHGPU,
    },
    entry_points={
        "console_scripts": ["nb-sepconv = nb_sepconv.cli.main:main"],
        "pyinstaller40": ["hook-dirs = nb_sepconv.__pyinstaller:get_hook_dirs"],
    },
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 15)),
        "Topic :: Scientific/Engineering",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
)
