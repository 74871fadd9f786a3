"""The live monitor finds the beats that the whole recording shows, as late as it says."""

import io

import numpy as np
import pytest
from rich.console import Console

import nb_sepconv as tf
from examples import heartbeats, live_pulse
from nb_sepconv.streaming import Stream


@pytest.fixture(scope="module")
def recordings():
    return {recording.name: recording for recording in heartbeats.read_recordings()}


@pytest.fixture(scope="module")
def session(recordings):
    with tf.Graph().as_default():
        return live_pulse.play(recordings["data"])


def test_the_scores_are_those_of_one_call(recordings, session):
    recording = recordings["data"]
    with tf.Graph().as_default():
        whole = live_pulse.model(recording.rate)(recording.signal.astype(np.float32).reshape(1, -1, 1))
    np.testing.assert_array_equal(session.score, whole.ravel())


def test_the_beats_are_those_of_the_whole_recording(recordings, session):
    recording = recordings["data"]
    offline = heartbeats.find_beats(session.score, recording.rate)
    told = np.array([beat.sample for beat in session.beats])
    assert len(told) >= 0.95 * len(offline)
    assert set(told) <= set(offline)
    rate = heartbeats.beats_per_minute(told, recording.rate)
    assert rate == pytest.approx(58.9, rel=0.05)  # HeartPy's


def test_the_latency_is_what_the_kernels_look_ahead_and_the_refractory_time(recordings, session):
    rate = recordings["data"].rate
    assert session.lookahead == heartbeats.margin(rate)
    waited = session.lookahead + np.ceil(heartbeats.REFRACTORY_SECONDS * rate)
    before_the_end = [beat for beat in session.beats if beat.told < len(recordings["data"].signal) - 1]
    assert all(beat.told - beat.sample == waited for beat in before_the_end)


def test_of_two_peaks_within_the_refractory_time_the_higher_one_is_the_beat():
    finder = live_pulse.BeatFinder(rate=10.0)
    scores = [0, 0, 4, 0, 6, 0, 0, 0, 0, 0, 0]
    assert [finder.take(score) for score in scores] == [None] * 7 + [4] + [None] * 3


def test_main_prints_the_latency_and_saves_the_pictures(tmp_path, monkeypatch, recordings):
    short = recordings["data"]._replace(signal=recordings["data"].signal[:2000])
    monkeypatch.setattr(heartbeats, "read_recordings", lambda: [short])
    screen = io.StringIO()
    with tf.Graph().as_default():
        live_pulse.main(tmp_path, Console(file=screen, width=100))
    assert (tmp_path / "live-pulse-data.png").read_bytes().startswith(b"\x89PNG")
    assert "2.32 s" in screen.getvalue()


def test_the_model_has_a_stream_of_one_sample(recordings):
    with tf.Graph().as_default():
        stream = live_pulse.model(100.0).stream()
    assert isinstance(stream, Stream)
    assert stream.push(np.zeros((1, 1, 1), np.float32)).shape == (1, 0, 1)
