"""Every test and every example in a docstring runs in a graph of its own, and skips without the packages it needs."""

import gc
import os
import signal
from importlib.util import find_spec
from pathlib import Path

import pytest

from nb_sepconv.framework import graph as graphs

TESTS = Path(__file__).parent / "tests"
STORE_OF_TESTS = "NB_SEPCONV_TESTS_CACHE_DIR"  # of those that started these tests, where tests did

# Only NumPy, Numba and pytest are needed to run the tests; `make test` installs everything but PyTorch.
OPTIONAL = ("autograd", "cuda", "dask", "distributed", "edfio", "h5py", "heartpy", "hypothesis", "jax", "matplotlib")
OPTIONAL += ("keras", "ml_dtypes", "numba_cuda", "onnx", "rich", "safetensors", "setuptools", "soundfile", "torch")
OPTIONAL += ("xarray", "zarr")
MISSING = frozenset(name for name in OPTIONAL if not find_spec(name))

collect_ignore = [f"nb_sepconv/interop/{name}.py" for name in ("autograd", "jax", "torch") if name in MISSING]
collect_ignore += ["nb_sepconv/__pyinstaller/hook-nb_sepconv.py"]  # it imports PyInstaller, and runs in a build alone
collect_ignore += ["nb_sepconv/kernels/cuda"]  # it imports CUDA, and its tests are in tests/gpu


@pytest.fixture(scope="session", autouse=True)
def store(tmp_path_factory):
    """Compiled code is kept in a folder of these tests alone, for all processes that they start, tests or others."""
    root = tmp_path_factory.getbasetemp()
    own = (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "compiled"
    folder = os.environ.get(STORE_OF_TESTS, str(own))
    with pytest.MonkeyPatch.context() as patch:
        for variable in (STORE_OF_TESTS, "NB_SEPCONV_CACHE_DIR"):
            patch.setenv(variable, folder)
        yield


@pytest.fixture(scope="session", autouse=True)
def interruptible():
    """A shell lets what it starts in the background ignore Ctrl-C, and so would the programs that tests interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def graph():
    stack = graphs._default_graphs.stack
    before = list(stack)
    graph = graphs.Graph()
    stack.append(graph)
    yield graph
    stack[:] = before


def skip_without_package(error):
    """Skip what failed because an optional package is not installed; any other error stays one."""
    while error is not None:
        name = (getattr(error, "name", None) or "").partition(".")[0]
        if isinstance(error, ImportError) and name in MISSING:
            pytest.skip(f"{name} is not installed", allow_module_level=True)
        error = error.__cause__


class Module(pytest.Module):
    """A file of tests."""

    def collect(self):
        try:
            return super().collect()
        except self.CollectError as error:
            skip_without_package(error)
            raise


def pytest_pycollect_makemodule(module_path, parent):
    return Module.from_parent(parent, path=module_path)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """The tests themselves stay to the end: Python need not look through thousands of them for what can be freed."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*gc.get_threshold()[:2], 1000)  # all other objects stay as rarely looked through as before
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path):
    """Files of tests are not collected a second time for examples in docstrings, which they do not have."""
    collectors = yield
    is_test = file_path.is_relative_to(TESTS)
    return [collector for collector in collectors if isinstance(collector, Module) or not is_test]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    try:
        return (yield)
    except ImportError as error:
        skip_without_package(error)
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    try:
        return (yield)
    except ImportError as error:
        skip_without_package(error)
        raise
