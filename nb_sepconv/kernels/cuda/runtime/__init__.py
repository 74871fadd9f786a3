"""The driver, memory and launches, and what stands for them in the simulator."""
