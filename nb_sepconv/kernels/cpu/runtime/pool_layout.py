"""The memory that a pool's threads share: where what lies, in bytes from its aligned start, a cache line for what is
written by different threads.

``STATE`` is one integer: the launch's number, the seats that are free in it, and the threads that sit. A thread takes
a seat by exchanging the whole of it, so that it sits in the launch whose number it read, or not at all. Without free
seats nobody comes in, and what the launch was told may be written anew once nobody sits.
"""

from nb_sepconv.kernels.cpu.runtime.work_queue import LINE_BYTES

CAPACITY = 1024  # threads, the caller among them
SEAT, LAUNCH = 1 << 12, 1 << 24
SEAT_BIT, LAUNCH_BIT = 12, 24
COUNT_MASK = SEAT - 1
OCCUPIED_ALONE = ~(COUNT_MASK << SEAT_BIT)

STATE, STOPPED = 0, 8

BUSY, PROCESS, THREADS, LAUNCHES, ALONE = (LINE_BYTES + 8 * i for i in range(5))

SLEEPERS, CALLER_SLEEPS = (2 * LINE_BYTES + 8 * i for i in range(2))

WORKER, PROBLEM, INPUTS, OUTPUTS, WEIGHTS, FLOAT_CONTROL, PROCESSORS_CHANGED, CALLER_PROCESSOR = (
    3 * LINE_BYTES + 8 * i for i in range(8)
)

PROCESSORS = 4 * LINE_BYTES
PROCESSORS_BYTES = 128  # a bit for each of 1024
OBJECT_BYTES = 128  # more than a mutex or a condition takes on any of the systems
MUTEX = PROCESSORS + PROCESSORS_BYTES
WORK, DONE = MUTEX + OBJECT_BYTES, MUTEX + 2 * OBJECT_BYTES
TICKETS = DONE + OBJECT_BYTES
HANDLES = TICKETS + (CAPACITY + 1) * LINE_BYTES
POOL_BYTES = HANDLES + 8 * CAPACITY
