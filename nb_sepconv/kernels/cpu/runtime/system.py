"""What a pool asks of the operating system: functions of its C library, by their names, which every process has."""

from __future__ import annotations

import signal
import sys
import time
from typing import Any

from numba import types
from numba.extending import register_jitable

from nb_sepconv.kernels.cpu.codegen.intrinsics import load_intp, stack_memory
from nb_sepconv.kernels.store.loading import has_functions

SYSTEMS = ("linux", "darwin")
FAULTS = (
    "SIGSEGV",
    "SIGBUS",
    "SIGFPE",
    "SIGILL",
    "SIGABRT",
)  # a thread's own: blocked, they would end the process unseen
FAULT_NUMBERS = tuple(int(getattr(signal, name)) for name in FAULTS)
CLOCK, SET_MASK = getattr(time, "CLOCK_MONOTONIC", 0), getattr(signal, "SIG_SETMASK", 0)

_number, _address = types.int32, types.intp
_functions = {}


def _function(name: Any, result: Any, *arguments: Any) -> Any:
    _functions[name] = types.ExternalFunction(name, result(*arguments))
    return _functions[name]


create_thread: Any = _function("pthread_create", _number, _address, _address, _address, _address)
join_thread: Any = _function("pthread_join", _number, _address, _address)
begin_attributes: Any = _function("pthread_attr_init", _number, _address)
set_stack_bytes: Any = _function("pthread_attr_setstacksize", _number, _address, _address)
end_attributes: Any = _function("pthread_attr_destroy", _number, _address)
begin_mutex: Any = _function("pthread_mutex_init", _number, _address, _address)
lock: Any = _function("pthread_mutex_lock", _number, _address)
unlock: Any = _function("pthread_mutex_unlock", _number, _address)
begin_condition: Any = _function("pthread_cond_init", _number, _address, _address)
wait: Any = _function("pthread_cond_wait", _number, _address, _address)
wake_one: Any = _function("pthread_cond_signal", _number, _address)
wake_all: Any = _function("pthread_cond_broadcast", _number, _address)
fill_signals: Any = _function("sigfillset", _number, _address)
remove_signal: Any = _function("sigdelset", _number, _address, _number)
set_signals: Any = _function("pthread_sigmask", _number, _number, _address, _address)
process_id: Any = _function("getpid", _number)
_read_clock = _function("clock_gettime", _number, _number, _address)

get_processors: Any = types.ExternalFunction("sched_getaffinity", _number(_number, _address, _address))
set_processors: Any = types.ExternalFunction("sched_setaffinity", _number(_number, _address, _address))
current_processor: Any = types.ExternalFunction("sched_getcpu", _number())
this_thread: Any = types.ExternalFunction("pthread_self", _address())
set_processors_of: Any = types.ExternalFunction("pthread_setaffinity_np", _number(_address, _address, _address))
HAS_PROCESSORS = sys.platform == "linux"
OF_PROCESSORS = ("sched_getaffinity", "sched_setaffinity", "sched_getcpu", "pthread_self", "pthread_setaffinity_np")


def offers_threads() -> bool:
    """Whether this is a system whose threads a pool can be made of."""
    if sys.platform not in SYSTEMS:
        return False
    return has_functions([*_functions, *(OF_PROCESSORS if HAS_PROCESSORS else ())])


@register_jitable
def now() -> Any:
    """Nanoseconds of a clock that only goes forward."""
    time = stack_memory()
    _read_clock(CLOCK, time)
    return load_intp(time) * 1_000_000_000 + load_intp(time + 8)
