"""The demonstration finds the heart rates that HeartPy finds in its own recordings."""

import io

import numpy as np
import pytest
from rich.console import Console

import nb_sepconv as tf
from examples import heartbeats


@pytest.fixture(scope="module")
def recordings():
    return {recording.name: recording for recording in heartbeats.read_recordings()}


@pytest.fixture(autouse=True)
def _own_graph():
    with tf.Graph().as_default():
        yield


def as_series(signal):
    return signal.astype(np.float32)[np.newaxis, :, np.newaxis]


@pytest.mark.parametrize(("name", "rate"), [("data", 100.0), ("data2", 117.0), ("data3", 100.4)])
def test_sampling_rates(recordings, name, rate):
    assert recordings[name].rate == pytest.approx(rate, abs=0.05)


@pytest.mark.parametrize(("name", "expected"), [("data", 58.9), ("data2", 62.4), ("data3", 97.3)])
def test_heart_rate_agrees_with_heartpy(recordings, name, expected, tmp_path):
    recording = recordings[name]
    findings = heartbeats.analyse(recording, tmp_path)
    assert findings.score.shape == recording.signal.shape
    assert heartbeats.beats_per_minute(findings.beats, recording.rate) == pytest.approx(expected, rel=0.05)


def test_seams_between_chunks_leave_no_trace(recordings, tmp_path):
    recording = recordings["data2"]
    in_chunks = heartbeats.analyse(recording, tmp_path).score
    padded = np.pad(recording.signal, heartbeats.margin(recording.rate), mode="reflect")
    at_once = heartbeats.beat_score(as_series(padded), recording.rate).ravel()
    np.testing.assert_array_equal(in_chunks, at_once)


def test_model_is_what_its_formula_says(recordings):
    recording = recordings["data"]
    signal = recording.signal[:1200]
    wave = np.correlate(signal, heartbeats.band_pass(recording.rate), mode="valid")
    pulse, beat = heartbeats.pulse_and_beat(recording.rate).T
    template = np.zeros(heartbeats.TEMPLATE_DILATION * (len(pulse) - 1) + 1)
    template[:: heartbeats.TEMPLATE_DILATION] = pulse - beat
    expected = np.maximum(np.correlate(np.maximum(wave, 0) ** 2, template, mode="valid"), 0)
    score = heartbeats.beat_score(as_series(signal), recording.rate).ravel()
    np.testing.assert_allclose(score, expected, rtol=0, atol=1e-4 * expected.max())


def test_variables_bear_the_names_that_tf1_gives_them(recordings, tmp_path):
    heartbeats.analyse(recordings["data"], tmp_path)
    assert [variable.name for variable in tf.global_variables()] == [
        "data/pulse_wave/band_pass/depthwise_kernel:0",
        "data/pulse_wave/band_pass/pointwise_kernel:0",
        "data/beat/matched_filter/depthwise_kernel:0",
        "data/beat/matched_filter/pointwise_kernel:0",
    ]


@pytest.mark.parametrize("rate", [100.0, 117.0, 250.0])
def test_band_pass_keeps_a_pulse_and_stops_drift_and_noise(rate):
    kernel = heartbeats.band_pass(rate)
    frequencies = np.array([0.0, 1.5, 4.0, 12.0, 40.0])
    time = (np.arange(len(kernel)) - len(kernel) // 2) / rate
    gains = np.cos(2 * np.pi * frequencies[:, np.newaxis] * time) @ kernel
    np.testing.assert_allclose(gains, [0, 1, 1, 0, 0], atol=0.02)


def test_beats_are_the_high_peaks_a_refractory_period_apart():
    rate = 100.0
    generator = np.random.default_rng(7)
    beats = np.cumsum(generator.integers(60, 110, 20))
    score = np.zeros(beats[-1] + 60)
    score[beats] = generator.uniform(80, 120, 20)
    score[beats[::3] + 12] = 70
    score[beats[1::3] - 9] = 75
    score[beats[::2] + 45] = 1
    smooth = np.convolve(score, np.hanning(9), mode="same")
    np.testing.assert_array_equal(heartbeats.find_beats(smooth, rate), beats)


def test_main_prints_the_rates_and_saves_the_pictures(tmp_path):
    screen = io.StringIO()
    heartbeats.main(tmp_path / "pictures", Console(file=screen, width=100))
    pictures = {path.name: path.read_bytes() for path in (tmp_path / "pictures").glob("*.png")}
    assert sorted(pictures) == ["heartbeats-data.png", "heartbeats-data2.png", "heartbeats-data3.png"]
    assert all(picture.startswith(b"\x89PNG") for picture in pictures.values())
    assert "beats/min" in screen.getvalue()
    assert "69/69" in screen.getvalue()
