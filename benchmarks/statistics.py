"""From samples to the numbers that are reported."""

import numpy as np

from benchmarks.peers import OURS


def summary(samples):
    return {"median": float(np.median(samples)), "least": float(np.min(samples)), "samples": len(samples)}


def geometric_mean(numbers):
    return float(np.exp(np.mean(np.log(numbers))))


def fifth_percentile(numbers):
    return float(np.percentile(numbers, 5))


def best_peer(times, statistic="median"):
    """The library other than ours with the least time, and that time."""
    found = [(entry[statistic], library) for (library, _), entry in times.items() if library != OURS]
    seconds, library = min(found)
    return library, seconds


def ratio(times, candidate, statistic="median"):
    """Best peer's time over ours: above 1 we are faster."""
    return best_peer(times, statistic)[1] / times[OURS, candidate][statistic]


def ratios(results, candidate, statistic="median"):
    return [ratio(result["times"], candidate, statistic) for result in results]
