collect_ignore = ["record", "typing"]  # scripts: for interpreters that have TensorFlow or Keras; for test_editors.py
