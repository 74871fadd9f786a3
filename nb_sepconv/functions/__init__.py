"""``tf.function``: programs of TF's words that are run once as they are, and from then on as what they computed."""
