"""Metadata and dependencies of nb_sepconv."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = (ROOT / "nb_sepconv" / "version.py").read_text().split('"')[-2]

LINT = ["ruff>=0.14"]
TEST = ["pytest>=8", "ml_dtypes>=0.4", *LINT]
DEMO = ["heartpy==1.2.7", "matplotlib>=3.8", "rich>=13"]
BENCH = ["threadpoolctl>=3", "rich>=13"]

setup(
    name="nb_sepconv",
    version=VERSION,
    description="TF1's separable_conv1d on NumPy arrays, without TensorFlow: fast Numba kernels, TF's names and answers",
    long_description=(ROOT / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=find_packages(include=["nb_sepconv", "nb_sepconv.*"]),
    package_data={"nb_sepconv": ["py.typed"]},
    python_requires=">=3.10",
    install_requires=["numba>=0.61", "numpy>=1.26"],
    extras_require={"test": TEST, "demo": DEMO, "bench": BENCH},
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering",
    ],
)
