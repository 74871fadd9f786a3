"""What the gallery does before each program, so that none sees the variables of another one."""

import nb_sepconv as tf


def reset(gallery_conf: dict, script: str) -> None:
    """Start from an empty graph; called by sphinx-gallery."""
    tf.reset_default_graph()
