"""TensorFlow's checkpoints and SavedModels."""
