"""Products without a depthwise stage: dense layers, and convolutions over all channels at once."""
