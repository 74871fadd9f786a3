"""Continuations of a prompt are what one call over each whole sequence gives."""

import io

import numpy as np
from rich.console import Console

from examples import decoding_step


def test_continuations_have_the_bits_of_one_call(monkeypatch):
    monkeypatch.setattr(decoding_step, "CHANNELS", 24)
    rng = np.random.default_rng(0)
    weights, prompt = decoding_step.kernel(rng), decoding_step.tokens(rng, 9)
    news = [decoding_step.tokens(rng, steps) for steps in (1, 5, 12)]
    for new, outputs in zip(news, decoding_step.continuations(weights, prompt, news), strict=True):
        sequence = np.concatenate([prompt, new], axis=1)
        np.testing.assert_array_equal(outputs, decoding_step.whole(weights, sequence))


def test_the_layer_is_what_its_formula_says(monkeypatch):
    monkeypatch.setattr(decoding_step, "CHANNELS", 5)
    rng = np.random.default_rng(1)
    weights, sequence = decoding_step.kernel(rng), decoding_step.tokens(rng, 7)
    padded = np.pad(sequence[0].astype(np.float64), ((3, 0), (0, 0)))
    sums = sum(padded[tap : tap + 7] * weights[tap, :, 0] for tap in range(4))
    np.testing.assert_allclose(
        decoding_step.whole(weights, sequence)[0], sums / (1 + np.exp(-sums)), rtol=1e-5, atol=1e-6
    )


def test_main_compares_and_saves_the_picture(tmp_path, monkeypatch):
    for name, value in (("CHANNELS", 32), ("PROMPT_STEPS", 8), ("NEW_STEPS", 6)):
        monkeypatch.setattr(decoding_step, name, value)
    screen = io.StringIO()
    decoding_step.main(tmp_path, Console(file=screen, width=100))
    assert "3 of 3 continuations have the bits of one call" in screen.getvalue()
    assert (tmp_path / "decoding-step.png").read_bytes().startswith(b"\x89PNG")
