"""Keras' files of weights and models."""
