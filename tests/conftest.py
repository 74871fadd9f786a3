collect_ignore = ["record"]  # scripts for interpreters that have TensorFlow or Keras
