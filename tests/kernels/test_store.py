"""The store of compiled units gives the code that was put into it, or nothing; whatever happens to its files."""

import ctypes
import os
import signal
import stat
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import llvmlite.binding as llvm
import numba
import numpy as np
import pytest
from llvmlite import ir

from nb_sepconv.kernels.cpu.codegen.entry_points import callable_from_python
from nb_sepconv.kernels.cpu.codegen.function_pointers import compile_function
from nb_sepconv.kernels.cpu.codegen.intrinsics import store_intp
from nb_sepconv.kernels.cpu.codegen.vector import INTP, call_named
from nb_sepconv.kernels.store import files, key, loading, place, report, symbols, units
from nb_sepconv.kernels.store.unit_file import Unit, decoded, encoded

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
UNIT = Unit("a", "a.symbol", ("free", "malloc"), bytes(range(256)) * 2)
needs_owners = pytest.mark.skipif(not place.HAS_OWNERS, reason="folders have no owners on this system")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
NOBODY = 65534


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(place.FOLDER, str(tmp_path / "compiled"))
    monkeypatch.delenv(place.SWITCH, raising=False)
    return tmp_path / "compiled"


@contextmanager
def counted(**expected):
    """What the block takes from the store, compiles and writes."""
    before = units.counts()
    yield
    assert {name: units.counts()[name] - before[name] for name in before} == {
        **{"loaded": 0, "compiled": 0, "written": 0},
        **expected,
    }


def compile_constant(number, name=None):
    """The address of a function without arguments that returns a number."""
    shape = ir.FunctionType(INTP, [])
    return compile_function(name or f"test.constant.{number}", shape, lambda builder: builder.ret(INTP(number)))


def call(address):
    return ctypes.CFUNCTYPE(ctypes.c_int64)(address)()


def only_file(folder):
    (path,) = files.units(folder)
    return path


def test_a_unit_is_compiled_once_and_loaded_from_then_on(folder):
    with counted(compiled=1, written=1):
        first = compile_constant(41)
    with counted(loaded=1):
        second = compile_constant(41)
    assert first != second
    assert call(first) == call(second) == 41


@needs_owners
def test_folder_and_files_are_the_users_alone(folder):
    compile_constant(42)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(only_file(folder).stat().st_mode) == 0o600


def test_functions_of_the_same_name_in_two_units_are_not_confused(folder):
    """Numba counts the names of functions in each process: the same name may be of two functions."""

    def calling_an_inner_one(name, number):
        def emit(builder):
            inner = ir.Function(builder.module, ir.FunctionType(INTP, []), "the_same_name")
            inner.linkage = "linkonce_odr"
            inner.attributes.add("noinline")
            ir.IRBuilder(inner.append_basic_block()).ret(INTP(number))
            builder.ret(builder.call(inner, []))

        return compile_function(name, ir.FunctionType(INTP, []), emit)

    names = {"test.inner.1": 1, "test.inner.2": 2}
    for name, number in names.items():
        calling_an_inner_one(name, number)
    with counted(loaded=2):
        assert [call(calling_an_inner_one(name, number)) for name, number in names.items()] == [1, 2]


def test_files_say_what_was_written():
    assert decoded(encoded(UNIT, KEY)) == (UNIT, KEY)


def test_every_length_that_is_cut_off_is_noticed():
    content = encoded(UNIT, KEY)
    assert not any(decoded(content[:length]) for length in range(len(content)))
    assert decoded(content + b"\0") is None


def test_every_bit_that_flips_is_noticed():
    content = encoded(UNIT, KEY)
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        assert decoded(bytes(flipped)) is None


@pytest.mark.parametrize("damage", [b"", b"nothing", None])
def test_a_damaged_file_is_compiled_anew_and_replaced(folder, damage):
    compile_constant(43)
    path = only_file(folder)
    path.write_bytes(path.read_bytes()[:-1] if damage is None else damage)
    with counted(compiled=1, written=1):
        assert call(compile_constant(43)) == 43
    with counted(loaded=1):
        assert call(compile_constant(43)) == 43


def test_a_file_of_another_unit_is_not_taken(folder):
    """It is whole, but its key is not the one that its name says."""
    compile_constant(44)
    path = only_file(folder)
    other = files.path_of(folder, key.key_of("test.constant.45"))
    other.write_bytes(path.read_bytes())
    with counted(compiled=1, written=1):
        assert call(compile_constant(45)) == 45


@needs_owners
@pytest.mark.parametrize("make", ["link", "folder", "pipe"])
def test_what_is_no_file_is_left_alone(folder, tmp_path, make):
    compile_constant(46)
    path = only_file(folder)
    path.rename(tmp_path / "moved")
    {"link": lambda: path.symlink_to(tmp_path / "moved"), "folder": path.mkdir, "pipe": lambda: os.mkfifo(path)}[make]()
    assert files.read(path) is None
    with counted(compiled=1, written=make != "folder"):
        assert call(compile_constant(46)) == 46
    assert files.read(tmp_path / "moved")


@needs_owners
def test_a_linked_folder_is_not_used(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    with counted(compiled=1):
        assert call(compile_constant(47)) == 47
    assert report.why_not_read() == "it is not a folder"
    assert not list((tmp_path / "elsewhere").iterdir())


@needs_owners
@pytest.mark.parametrize("mode", [0o770, 0o702])
@pytest.mark.parametrize("whose", ["folder", "file"])
def test_what_others_may_write_is_not_used(folder, mode, whose):
    compile_constant(48)
    changed = folder if whose == "folder" else only_file(folder)
    changed.chmod(mode)
    with counted(compiled=1, written=whose == "file"):
        assert call(compile_constant(48)) == 48
    assert report.why_not_written() == ("others may write there" if whose == "folder" else "")


@needs_owners
@pytest.mark.parametrize("whose", ["folder", "file"])
def test_what_belongs_to_another_user_is_not_used(folder, monkeypatch, whose):
    compile_constant(49)
    changed = folder if whose == "folder" else only_file(folder)
    if os.geteuid() == 0:
        os.chown(changed, NOBODY, NOBODY)
    else:
        monkeypatch.setattr(place.os, "geteuid", lambda: NOBODY)
    with counted(compiled=1, written=whose == "file" and os.geteuid() == 0):
        assert call(compile_constant(49)) == 49
    if whose == "folder":
        assert report.why_not_read() == report.why_not_written() == "it belongs to another user"


def in_child(check):
    """The process id of a fork that runs ``check``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # JAX warns of forks where another test has imported it
        process = os.fork()
    if process:
        return process
    try:
        check()
        os._exit(0)
    except BaseException as error:
        os.write(2, f"{error!r}\n".encode())
        os._exit(1)


def ended_well(process):
    return os.waitpid(process, 0)[1] == 0


@needs_fork
@needs_owners
def test_roots_folder_is_read_and_not_written_by_others(monkeypatch):
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory() as top:  # pytest's own folders are closed to others
        folder = Path(top) / "compiled"
        monkeypatch.setenv(place.FOLDER, str(folder))
        monkeypatch.delenv(place.SWITCH, raising=False)
        compile_constant(50)
        for path in (Path(top), folder, *folder.iterdir()):
            path.chmod(path.stat().st_mode | 0o055)
        assert ended_well(in_child(as_nobody))


def as_nobody():
    os.setuid(NOBODY)
    with counted(loaded=1):
        assert call(compile_constant(50)) == 50
    with counted(compiled=1):
        assert call(compile_constant(51)) == 51


@needs_fork
def test_a_full_disk_leaves_no_file(folder):
    import resource

    compile_constant(52)

    def with_a_limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        with counted(compiled=1):
            assert call(compile_constant(53)) == 53

    assert ended_well(in_child(with_a_limit))
    assert [path.suffix for path in folder.iterdir()] == [files.SUFFIX]


@needs_fork
def test_many_processes_fill_an_empty_store_together(folder):
    compile_constant(54, "test.before_the_fork")

    def fill():
        for number in range(60, 70):
            assert call(compile_constant(number)) == number

    assert all(map(ended_well, [in_child(fill) for _ in range(16)]))
    with counted(loaded=10):
        fill()
    assert len(files.units(folder)) == 11
    assert not list(folder.glob(f"*{files.PARTIAL}"))


@needs_fork
def test_killed_processes_leave_nothing_that_is_taken(folder):
    compile_constant(55, "test.before_the_fork")

    def fill():
        for number in range(10_000):
            files.write(folder, UNIT._replace(name=str(number), code=bytes(200_000)), KEY)

    for turn in range(20):
        process = in_child(fill)
        time.sleep(0.002 * turn)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        found = files.read(files.path_of(folder, KEY))
        assert found is None or found[0].code == bytes(200_000)


def test_abandoned_partial_files_are_removed(folder):
    folder.mkdir(mode=0o700)
    old, new = (folder / f".{name}{files.PARTIAL}" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"")
    os.utime(old, (0, 0))
    files.write(folder, UNIT, KEY)
    assert new.exists()
    assert not old.exists()


def test_the_oldest_units_go_first(folder):
    for index in range(5):
        each = bytes([index]) * 32
        assert files.write(folder, UNIT, each)
        os.utime(files.path_of(folder, each), (index, index))
    size = only_size(folder)
    files.remove_oldest(folder, 2 * size)
    assert [path.name[:2] for path in files.units(folder)] == ["03", "04"]


def only_size(folder):
    (size,) = {path.stat().st_size for path in files.units(folder)}
    return size


@pytest.mark.parametrize(
    ("variable", "value"),
    [("NUMBA_OPT", "1"), ("NUMBA_CPU_NAME", "generic"), ("NUMBA_CPU_FEATURES", "+avx2"), ("NUMBA_SLP_VECTORIZE", "1")],
)
def test_settings_that_change_code_change_the_key(monkeypatch, variable, value):
    before = key.key_of("a")
    monkeypatch.setattr(numba.config, variable.removeprefix("NUMBA_"), value)
    assert key.key_of("a") != before


def test_settings_of_threads_do_not_change_the_key(monkeypatch):
    before = key.key_of("a")
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 1)
    monkeypatch.setattr(numba.config, "THREADING_LAYER", "workqueue")
    assert key.key_of("a") == before


@pytest.mark.parametrize("name", ["get_host_cpu_name", "get_process_triple"])
def test_another_processor_has_another_key(monkeypatch, name):
    before = key.key_of("a")
    monkeypatch.setattr(llvm, name, lambda: "another")
    key._machine.cache_clear()
    assert key.key_of("a") != before
    monkeypatch.undo()
    key._machine.cache_clear()
    assert key.key_of("a") == before


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A copy of some sources, of an earlier time."""
    (tmp_path / "sources" / "cpu").mkdir(parents=True)
    path = tmp_path / "sources" / "cpu" / "loops.py"
    path.write_text("a = 1\n")
    monkeypatch.setattr(key, "SOURCES", tmp_path / "sources")
    monkeypatch.setattr(key, "_imported", time.time() + 60)
    key.sources_hash.cache_clear()
    yield path
    key.sources_hash.cache_clear()


def test_a_changed_source_changes_the_key(sources):
    before = key.key_of("a")
    sources.write_text("a = 2\n")
    key.sources_hash.cache_clear()
    assert key.key_of("a") != before


def test_without_sources_there_is_no_store(sources, folder):
    """A program that was frozen has none: the key would be the same for all versions."""
    sources.unlink()
    with counted(compiled=1):
        assert call(compile_constant(76)) == 76


def test_sources_that_changed_after_they_were_imported_turn_the_store_off(sources, folder, monkeypatch):
    """Old code would be kept under the new sources' key."""
    monkeypatch.setattr(key, "_imported", time.time() - 60)
    with counted(compiled=1):
        assert call(compile_constant(71)) == 71
    assert report.why_off() == "the package's sources cannot be read, or have changed since they were imported"


def test_code_is_kept_under_the_settings_that_it_was_compiled_with(folder, monkeypatch):
    """Numba reads its environment anew when it compiles."""

    def emit(builder):
        monkeypatch.setattr(numba.config, "OPT", 1)
        builder.ret(INTP(72))

    with counted(compiled=1):
        compile_function("test.changing", ir.FunctionType(INTP, []), emit)


@pytest.mark.parametrize(
    ("module", "version"), [(numba, "0.99.0"), (numba, "0.60.1"), (numba, "0+unknown"), (key.llvmlite, "0.99.0")]
)
def test_untested_versions_turn_the_store_off(folder, monkeypatch, module, version):
    monkeypatch.setattr(module, "__version__", version)
    with counted(compiled=1):
        assert call(compile_constant(73)) == 73
    assert report.why_off() == f"not tested with {'Numba' if module is numba else 'llvmlite'} {version}"


@pytest.mark.parametrize("word", ["off", "OFF", "0"])
def test_the_store_is_switched_off(folder, monkeypatch, word):
    monkeypatch.setenv(place.SWITCH, word)
    with counted(compiled=1):
        assert call(compile_constant(74)) == 74
    assert report.why_off() == f"NB_SEPCONV_CACHE is {word}"
    assert not folder.exists()


@needs_owners
def test_the_users_caches_are_the_default(monkeypatch, tmp_path):
    monkeypatch.delenv(place.FOLDER)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr(sys, "platform", "linux")
    assert place.folder() == tmp_path / ".cache" / "nb_sepconv"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert place.folder() == tmp_path / "caches" / "nb_sepconv"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert place.folder() == tmp_path / "Library" / "Caches" / "nb_sepconv"


@needs_owners
def test_a_user_without_a_home_has_no_store(monkeypatch):
    def without_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv(place.FOLDER)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(place.Path, "home", without_home)
    assert place.folder() is None
    assert report.why_off() == "the user has no home"


def test_a_current_folder_that_is_gone(monkeypatch, tmp_path):
    def gone(path):
        raise FileNotFoundError

    monkeypatch.setenv(place.FOLDER, "relative")
    monkeypatch.setattr(place.os.path, "abspath", gone)
    assert place.folder() is None
    assert report.why_off() == "NB_SEPCONV_CACHE_DIR is relative, and there is no current folder"


def test_where_folders_have_no_owners_one_must_be_named(monkeypatch, tmp_path):
    monkeypatch.setattr(place, "HAS_OWNERS", False)
    assert place.folder() == Path(os.environ[place.FOLDER])
    monkeypatch.delenv(place.FOLDER)
    assert place.folder() is None
    assert report.why_off() == "NB_SEPCONV_CACHE_DIR is not set"


def test_a_unit_that_calls_what_this_process_lacks_is_not_loaded(folder):
    """LLVM would end the process."""
    compile_constant(75)
    unit, _ = files.read(only_file(folder))
    assert loading.address_in_memory(unit)
    assert loading.address_in_memory(unit._replace(needs=("nb_sepconv_has_no_such_function",))) is None


def test_a_unit_that_holds_an_address_is_not_written(folder):
    def emit(builder):
        held = ir.GlobalVariable(builder.module, INTP, "numba.dynamic.globals.folder")  # as Numba marks an address
        held.initializer = INTP(id(folder))
        builder.ret(builder.load(held))

    with counted(compiled=1):
        assert call(compile_function("test.address", ir.FunctionType(INTP, []), emit)) == id(folder)


@pytest.mark.parametrize(
    "triple",
    ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "x86_64-apple-darwin", "arm64-apple-darwin",
     "x86_64-pc-windows-msvc", "aarch64-pc-windows-msvc"],
)  # fmt: skip
def test_names_that_an_object_leaves_to_others_are_found(triple):
    module = ir.Module("names")
    module.triple = triple
    function = ir.Function(module, ir.FunctionType(INTP, [INTP]), "own")
    builder = ir.IRBuilder(function.append_basic_block())
    inner = ir.Function(module, ir.FunctionType(INTP, [INTP]), "another_of_the_units_own")
    ir.IRBuilder(inner.append_basic_block()).ret(inner.args[0])
    value = builder.call(inner, function.args)
    value = call_named(builder, "one_of_somebody_else", INTP, [value])
    builder.ret(call_named(builder, "g", INTP, [value]))
    common = ir.GlobalVariable(module, INTP, "storage")
    common.linkage, common.initializer = "common", INTP(0)
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        machine = llvm.Target.from_triple(triple).create_target_machine()
    except RuntimeError:
        pytest.skip("this llvmlite writes no code for such machines")
    code = machine.emit_object(llvm.parse_assembly(str(module)))
    assert symbols.undefined(code) == ("g", "one_of_somebody_else")


def test_other_formats_are_not_known():
    assert symbols.undefined(b"\0asm" + bytes(100)) is None


@callable_from_python
def put(value, address):
    """Store a value. Returns it."""
    store_intp(value, address)
    return value


def test_compiled_functions_take_and_return_integers():
    target = np.zeros(1, np.intp)
    assert put()(-5, target.ctypes.data) == -5
    assert target[0] == -5
    assert put()(2**62, target.ctypes.data) == target[0] == 2**62


@pytest.mark.parametrize(
    ("arguments", "error"),
    [((1,), TypeError), ((1, 2, 3), TypeError), ((1, "2"), TypeError), ((2**64, 0), OverflowError)],
)
def test_compiled_functions_refuse_other_arguments(arguments, error):
    with pytest.raises(error):
        put()(*arguments)
