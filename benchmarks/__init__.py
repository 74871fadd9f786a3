"""nb_sepconv against the other libraries, in turns on one machine: `python -m benchmarks` writes docs/benchmarks.md."""
