"""Worker processes as seen from the one that measures: start, ask, pause, stop."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from benchmarks.peers import VARIABLES

ROOT = Path(__file__).resolve().parents[1]
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NB_SEPCONV_NUM_THREADS",
)
CAN_PAUSE = hasattr(signal, "SIGSTOP")


class MissingLibraryError(Exception):
    """The interpreter does not have the library."""


class WorkerError(RuntimeError):
    """The worker failed or died."""


class WorkerProcess:
    """A library at work in an interpreter; it sleeps unless asked, so that its idle threads disturb nobody."""

    def __init__(
        self, library, threads, task="forward", python=sys.executable, environment=(), program="benchmarks.worker"
    ):
        self.library = library
        self.command = [python, "-m", program, library, str(threads), task]
        variables = {**dict.fromkeys(THREAD_VARIABLES, str(threads)), **VARIABLES.get(task, {}), **dict(environment)}
        self.environment = {**os.environ, **variables}
        self.start()

    def start(self):
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (stop closes it)
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            cwd=ROOT,
            env=self.environment,
        )
        self.facts = self.reply()
        self.pause()

    def ask(self, do, **arguments):
        self.send_signal("SIGCONT")
        self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.process.stdin.flush()
        reply = self.reply()
        self.pause()
        return reply

    def ask_within(self, limit, do, **arguments):
        """The answer; None where it takes more than ``limit`` seconds: the process is a new one then."""
        timer = threading.Timer(limit, self.process.kill)
        timer.start()
        try:
            return self.ask(do, **arguments)
        except (WorkerError, BrokenPipeError, ProcessLookupError):
            if timer.is_alive():
                raise
            self.stop()
            self.start()
            return None
        finally:
            timer.cancel()

    def reply(self):
        line = self.process.stdout.readline()
        if not line:
            raise WorkerError(f"The {self.library} worker died:\n{self.log_tail()}")
        reply = json.loads(line)
        if "missing" in reply:
            self.stop()
            raise MissingLibraryError(reply["missing"])
        if "error" in reply:
            raise WorkerError(f"The {self.library} worker failed: {reply['error']}\n{self.log_tail()}")
        return reply["answer"]

    def log_tail(self):
        self.log.seek(0)
        return self.log.read()[-2000:]

    def pause(self):
        self.send_signal("SIGSTOP")

    def send_signal(self, name):
        if CAN_PAUSE:
            self.process.send_signal(getattr(signal, name))

    def stop(self):
        self.send_signal("SIGCONT")
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
