"""What programs do with threads and processes around a convolution: each a function that fails, dies or hangs if ours
does. ``python launch_scenarios.py NAME...`` runs them one after the other and prints each name as it begins.
"""

import atexit
import concurrent.futures
import contextlib
import multiprocessing
import os
import platform
import signal
import sys
import threading
import time

import numba
import numpy as np
from numba import njit, objmode, prange
from numba.np.ufunc import parallel

import nb_sepconv as nb
from nb_sepconv import ops
from nb_sepconv.kernels.cpu.codegen.atomics import get_float_control, set_float_control
from nb_sepconv.kernels.cpu.runtime import launch, thread_pool, threads, worker_pool

PRECISION = os.environ.get("SCENARIO_PRECISION", "float32")
CALLERS = 16
THREADS = 4  # more than a small machine has: what is raced for is raced for there too
NOBODY = 65534
FLUSH = {"x86_64": 0x8040, "AMD64": 0x8040}.get(platform.machine(), 1 << 24)  # results and operands to zero
SECONDS = 300  # longer than any child takes, also on a slow machine that others use


def operands(seed, examples=4, steps=400):
    rng = np.random.default_rng(seed)
    shapes = (examples, steps, 128), (5, 128, 1), (128, 144), (144,)  # so wide that tiles serve where there are any
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def convolve(seed=0, **keywords):
    return ops.separable_conv1d(*operands(seed), padding="same", precision=PRECISION, **keywords)


def serially(seed=0, **keywords):
    with nb.num_threads(1):
        return convolve(seed, **keywords)


def check(seed=0):
    np.testing.assert_array_equal(convolve(seed), serially(seed))


def in_threads(count, work):
    """Run ``work(i)`` on so many threads at the same time; the first error is raised."""
    barrier = threading.Barrier(count)

    def begin(i):
        barrier.wait(SECONDS)
        return work(i)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def used_place(call):
    """Where the threads of a call came from: "pool", "Python" or "none"."""
    seen = []
    runners = {"_on_the_pool": "pool", "_on_python_threads": "Python"}
    before = {name: getattr(launch, name) for name in runners}
    for name, place in runners.items():
        setattr(launch, name, lambda *given, _name=name, _place=place: (seen.append(_place), before[_name](*given))[1])
    try:
        call()
    finally:
        for name, function in before.items():
            setattr(launch, name, function)
    return seen[0] if seen else "none"


@contextlib.contextmanager
def without_the_pool():
    """As on a system that the pool does not know."""
    before, worker_pool.can_start = worker_pool.can_start, lambda: False
    try:
        yield
    finally:
        worker_pool.can_start = before


def on_python_threads():
    with without_the_pool():
        check()
        assert used_place(convolve) == "Python"
        in_threads(CALLERS, lambda seed: [check(seed) for _ in range(3)])


def sixteen_threads():
    """The first calls of a process, all at once; then large ones, again and again."""
    results = in_threads(CALLERS, convolve)
    for seed, result in enumerate(results):
        np.testing.assert_array_equal(result, serially(seed))
    in_threads(CALLERS, lambda seed: [check(seed) for _ in range(5)])
    assert used_place(convolve) == "pool"
    assert worker_pool.running_threads() == THREADS - 1


def one_thread_starts_no_layer():
    nb.set_num_threads(1)
    check()
    in_threads(CALLERS, check)
    nb.set_num_threads(None)
    with nb.num_threads(1):
        check()
    assert worker_pool.running_threads() == 0
    check()
    assert worker_pool.running_threads() == THREADS - 1
    assert not parallel._is_initialized


def nothing_global_is_left():
    settings = {name: getattr(numba.config, name) for name in dir(numba.config) if name.isupper()}
    environment, method = dict(os.environ), multiprocessing.get_start_method(allow_none=True)
    check()
    nb.set_num_threads(2)
    nb.set_num_threads(None)
    assert {name: getattr(numba.config, name) for name in settings} == settings
    assert dict(os.environ) == environment
    assert method is None
    assert multiprocessing.get_start_method(allow_none=True) is None
    assert numba.get_num_threads() == THREADS


def numbas_own_limit_is_respected():
    """``numba.set_num_threads`` holds for our calls and is as it was behind them; a layer must run for it."""
    numba.get_num_threads()
    check()
    asked = []
    original = launch.pool_runner()
    launch.pool_runner = lambda: lambda *given: (asked.append(given[-1]), original(*given))[1]
    try:
        for count in (1, 2, THREADS):
            numba.set_num_threads(count)
            asked.clear()
            check()
            assert numba.get_num_threads() == count
            assert asked == [count], (count, asked)
    finally:
        launch.pool_runner = lambda: original
        numba.set_num_threads(THREADS)


def nested_in_prange():
    """From every thread of the user's own parallel loop, by way of Python."""
    seeds = np.arange(2 * CALLERS)
    wanted = np.stack([serially(seed) for seed in seeds])

    @njit(parallel=True)
    def loop(out):
        for i in prange(len(out)):
            with objmode():  # the assignment, too: in the loop it would take Numba 5 seconds to compile
                out[i] = convolve(i)

    for _ in range(3):
        out = np.full_like(wanted, np.nan)
        loop(out)
        np.testing.assert_array_equal(out, wanted)


def beside_the_users_parallel_functions():
    """One thread runs the user's parallel function without a pause, which all layers allow; others convolve."""

    @njit(parallel=True, nogil=True)
    def total(values):
        sums = np.zeros(64)
        for i in prange(64):
            for value in values:
                sums[i] += value * i
        return sums.sum()

    values = np.random.default_rng(1).standard_normal(20_000)
    wanted, done = total(values), threading.Event()

    def users():
        while not done.is_set():
            np.testing.assert_allclose(total(values), wanted)

    user = threading.Thread(target=users)
    user.start()
    try:
        in_threads(4, lambda seed: [check(seed) for _ in range(10)])
    finally:
        done.set()
        user.join()


def in_child(work):
    """Fork, run ``work`` in the child, and see it end well."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            assert os.waitstatus_to_exitcode(status) == 0, status
            return
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    raise TimeoutError("The forked child hangs")


def forked_after_use():
    check()

    def child():
        assert worker_pool.running_threads() == 0
        assert used_place(convolve) == "pool"
        assert worker_pool.running_threads() == THREADS - 1
        check()
        in_threads(4, check)
        in_child(check)

    in_child(child)
    check()


def forked_before_use():
    """The child starts no layer of Numba's, which another library may have used before the fork."""
    assert not parallel._is_initialized

    def child():
        assert used_place(convolve) == "pool"
        check()
        assert not parallel._is_initialized

    in_child(child)


def forked_while_others_compute():
    """The child inherits every lock as it is: that of a launch, and that of Numba's compiler."""
    check()
    done = threading.Event()

    def compute():
        while not done.is_set():
            convolve()

    def compile_on():
        while not done.is_set():
            njit("f8(f8)")(lambda value: np.sin(value) + np.cos(value))

    others = [threading.Thread(target=work) for work in (compute, compute, compile_on)]
    for other in others:
        other.start()

    def child():
        check()
        njit("f8(f8)")(lambda value: value + 1)
        np.testing.assert_array_equal(convolve(activation="softplus"), serially(activation="softplus"))

    try:
        for _ in range(8):
            in_child(child)
    finally:
        done.set()
        for other in others:
            other.join()


def multiprocessing_fork():
    check()
    with multiprocessing.get_context("fork").Pool(3) as pool:
        pool.map_async(check, range(12)).get(SECONDS)
    check()


def multiprocessing_spawn():
    check()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map_async(check, range(4)).get(SECONDS)
    check()


def interrupted():
    """Ctrl-C at any moment of a call raises KeyboardInterrupt, and what follows is right."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background jobs that ignore it
    check()
    caught = 0
    for i in range(60):
        timer = threading.Timer(0.0005 * (i % 20), os.kill, (os.getpid(), signal.SIGINT))
        try:
            timer.start()
            while timer.is_alive():
                convolve()
            timer.join()
        except KeyboardInterrupt:
            caught += 1
        with contextlib.suppress(KeyboardInterrupt):
            timer.join()
    assert caught > 10
    check()
    assert used_place(convolve) == "pool"


def signalled():
    """A handler that convolves within a call."""
    check()
    results = []

    def handle(*_):
        results.append(convolve(1))
        signal.setitimer(signal.ITIMER_REAL, 0.002)  # the next one once this is done, however slow the machine

    signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.002)
    try:
        for _ in range(50):
            check()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    wanted = serially(1)
    assert results
    for result in results:
        np.testing.assert_array_equal(result, wanted)


def convolving_activations():
    """An activation of the user's that convolves, and in it another."""

    def activation(depth):
        return lambda y: y + convolve(depth, activation=activation(depth - 1)) if depth else np.negative(y)

    with nb.num_threads(1):
        wanted = convolve(activation=activation(3))
    np.testing.assert_array_equal(convolve(activation=activation(3)), wanted)
    for result in in_threads(4, lambda _: convolve(activation=activation(3))):
        np.testing.assert_array_equal(result, wanted)


def a_layer_that_is_not_there():
    """``NUMBA_THREADING_LAYER`` names one that cannot be loaded: Numba's parallel functions fail, ours do not."""
    try:
        numba.get_num_threads()
    except ValueError:
        assert used_place(convolve) == "pool"
        check()
        return
    raise AssertionError("this layer is there")


def no_more_python_threads():
    """Python refuses threads where there is no pool: the call does its work alone."""
    refused = []

    def refuse(thread):
        refused.append(thread)
        raise RuntimeError("can't start new thread")

    thread_pool.own_threads.cache_clear()
    start, threading.Thread.start = threading.Thread.start, refuse
    try:
        with without_the_pool():
            check()
    finally:
        threading.Thread.start = start
    assert refused


def no_thread_to_be_had():
    """The system refuses every thread: the call does its work alone, and nothing ends the process."""
    import resource

    nb.warmup()
    serially()
    assert np.testing  # loaded, like what is compiled, while this user may read it
    if os.geteuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)  # the limit holds for everybody but the one who may lift it
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    try:
        threading.Thread(target=print).start()
    except RuntimeError:
        check()
        check()
        assert used_place(convolve) == "pool"
        assert worker_pool.running_threads() == 0
        return
    raise AssertionError("there are threads to be had")


def denormals_are_flushed():
    """Where another library has set the caller's register, every thread computes as the caller does."""
    check()
    scales = 1e-20, 1e-20, 1  # so that the depthwise results are denormal, and most of the answers
    arrays = [array * np.float32(scale) for array, scale in zip(operands(0)[:3], scales, strict=True)]
    get, change = njit(lambda: get_float_control()), njit(lambda value: set_float_control(value))
    before = get()

    def small():
        return ops.separable_conv1d(*arrays, padding="same", precision=PRECISION)

    kept = small()
    assert 0 < np.abs(kept[kept != 0]).min() < np.finfo(np.float32).tiny
    for flush, calls in ((FLUSH, 300), (0, 20)):  # a processor takes long for denormals
        change(before | flush)
        try:
            results = [small() for _ in range(calls)]
            with nb.num_threads(1):
                wanted = small()
        finally:
            change(before)
        assert all(np.array_equal(result, wanted) for result in results)
        assert np.array_equal(wanted, kept) == (not flush)


def under_gevent():
    """Green threads in the place of Python's, from the start on: the pool's are threads all the same."""
    import gevent
    from gevent import monkey

    assert monkey.is_module_patched("threading")
    check()
    assert worker_pool.running_threads() == THREADS - 1
    gevent.joinall([gevent.spawn(check, seed) for seed in range(CALLERS)], raise_error=True)
    assert used_place(convolve) == "pool"
    gevent.get_hub().threadpool.map(check, range(4))
    with without_the_pool():
        check()


def under_eventlet():
    """The same by eventlet, whose switches happen in one thread."""
    import eventlet
    from eventlet import patcher, tpool

    assert patcher.is_monkey_patched("thread")
    check()
    assert worker_pool.running_threads() == THREADS - 1
    pool = eventlet.GreenPool(CALLERS)
    list(pool.imap(check, range(CALLERS)))
    assert used_place(convolve) == "pool"
    for seed in range(4):
        tpool.execute(check, seed)
    with without_the_pool():
        check()


def in_a_subinterpreter():
    """In an interpreter beside the main one, where Python starts no threads and NumPy was not imported before."""
    check()
    assert used_place(convolve) == "pool"
    assert worker_pool.running_threads() == THREADS - 1


def forked_unseen():
    """A fork in C, of which Python tells nobody."""
    import ctypes

    check()
    fork, os.fork = os.fork, ctypes.PyDLL(None).fork
    try:
        in_child(lambda: (check(), check()))
    finally:
        os.fork = fork
    check()


def asleep_at_rest():
    """A second after the last call nobody takes time from the processor."""
    check()
    time.sleep(1)
    before = time.process_time()
    time.sleep(1)
    assert time.process_time() - before < 0.005


def joblib_threading():
    import joblib

    check()
    with joblib.parallel_config(backend="threading"):
        assert nb.get_num_threads() == THREADS
        counts = joblib.Parallel(n_jobs=4)(joblib.delayed(nb.get_num_threads)() for _ in range(8))
        assert counts == [1] * 8, counts
        joblib.Parallel(n_jobs=4)(joblib.delayed(check)(seed) for seed in range(CALLERS))


def joblib_loky():
    import joblib

    check()
    workers = joblib.Parallel(n_jobs=2, backend="loky")
    assert workers(joblib.delayed(nb.get_num_threads)() for _ in range(4)) == [1] * 4
    workers(joblib.delayed(check)(seed) for seed in range(4))
    check()


def dask_threads():
    from distributed import Client, LocalCluster

    check()
    with (
        LocalCluster(n_workers=1, threads_per_worker=4, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        assert client.submit(nb.get_num_threads, pure=False).result(SECONDS) == 1
        for future in client.map(check, range(CALLERS), pure=False):
            future.result(SECONDS)
    assert nb.get_num_threads() == THREADS


def exit_with_threads_at_work():
    """The main thread ends first; a thread that Python waits for goes on convolving, with threads and then without."""
    check()

    def go_on():
        threading.main_thread().join()
        for seed in range(20):
            check(seed)
        print("ended well", flush=True)

    threading.Thread(target=go_on).start()


def exit_with_daemons_at_work():
    """The interpreter ends while daemon threads are in the middle of calls."""
    check()

    def for_ever(seed):
        while True:
            convolve(seed)

    for seed in range(4):
        threading.Thread(target=for_ever, args=(seed,), daemon=True).start()
    time.sleep(0.2)
    print("ended well", flush=True)


def at_exit():
    """A convolution among the last things that the interpreter does."""

    def last():
        check()
        print("ended well", flush=True)

    atexit.register(last)
    check()


def main(names):
    threads._processors, threads._quota = lambda: THREADS, lambda: None
    for name in names:
        print(name, flush=True)
        globals()[name]()
    print("main ended", flush=True)


# In the children of "spawn" and in loky's this is a module by its own name, with the machine's real processors.
if __name__ == "__main__":
    main(sys.argv[1:])
