"""Recordings through every decoder: each picture, in order, with its own time; and what is no recording."""

import itertools
import os
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from edge.capture import gst_library
from edge.capture.open import Backend, open_source
from edge.errors import SourceError
from edge.settings import CameraSettings
from edge.vocabulary import Frame

Make = Callable[..., CameraSettings]
Video = Callable[..., Path]
UNEVEN_MS = [0, 40, 80, 200, 260, 1260, 1300, 1500, 3500, 3540, 3570]


def replay(camera: CameraSettings, backend: Backend) -> list[Frame]:
    """All frames of a recording."""
    source = open_source(camera, live=False, backend=backend)
    try:
        return list(source.frames())
    finally:
        source.close()


def bar_at(image: np.ndarray) -> int:
    """Left edge of the bright bar that tells a picture's number."""
    row = image[image.shape[0] * 3 // 8].astype(int)
    return int(np.argmax(row[:, 0] > 185))


@pytest.mark.parametrize("name", ["v.mp4", "v.mkv"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_every_picture_comes_with_its_time(
    name: str, b_frames: int, backend: Backend, camera: Make, video: Video
) -> None:
    """All pictures come in order, reordered ones too, with the container's uneven times from 0 on."""
    frames = replay(camera(video(name, UNEVEN_MS, b_frames=b_frames)), backend)
    assert [round(f.pts_s * 1000) for f in frames] == UNEVEN_MS
    assert [bar_at(f.image) for f in frames] == pytest.approx([8 * i for i in range(11)], abs=2)
    assert frames[0].image.shape == (120, 160, 3)
    assert frames[0].image.dtype == np.uint8


def test_a_recording_that_starts_late_starts_at_0(backend: Backend, camera: Make, video: Video) -> None:
    """The first picture's own time is 0.0, whatever the container counts from."""
    frames = replay(camera(video("late.mkv", [5000, 5100, 5400])), backend)
    assert [round(f.pts_s, 3) for f in frames] == [0.0, 0.1, 0.4]


def test_an_avi_has_no_picture_times(backend: Backend, camera: Make, video: Video) -> None:
    """H.264 4:4:4 with reordered pictures in an AVI, which holds decoding times only, runs evenly."""
    path = video("v.avi", list(range(0, 800, 40)), pix_fmt="yuv444p", b_frames=2)
    frames = replay(camera(path), backend)
    assert [round(f.pts_s, 3) for f in frames] == pytest.approx([i * 0.04 for i in range(20)], abs=0.003)
    assert [bar_at(f.image) for f in frames[:10]] == pytest.approx([8 * i for i in range(10)], abs=2)


@pytest.mark.parametrize("size", [(161, 121), (2, 2), (17, 99)])
def test_odd_sizes(size: tuple[int, int], backend: Backend, camera: Make, video: Video) -> None:
    """Pictures whose lines need padding come out straight."""
    frames = replay(camera(video("odd.mkv", [0, 40, 80], size=size, codec="ffv1", pix_fmt="bgr0")), backend)
    assert [f.image.shape for f in frames] == [(size[1], size[0], 3)] * 3
    if size == (17, 99):
        assert abs(frames[0].image[:, :, 2].astype(int) - 80)[60:].max() <= 2


def test_thinning_is_by_time(backend: Backend, camera: Make, video: Video) -> None:
    """At detect_fps 5 the frames are those of the rule, and every picture was decoded."""
    source = open_source(camera(video("v.mp4", UNEVEN_MS), detect_fps=5.0), live=False, backend=backend)
    times_ms = [round(f.pts_s * 1000) for f in source.frames()]
    source.close()
    assert times_ms == [0, 200, 1260, 1500, 3500]
    assert source.received == len(UNEVEN_MS)
    assert source.backend == backend
    assert source.size_px == (160, 120)


@pytest.mark.slow
def test_the_decoders_agree(camera: Make, video: Video) -> None:
    """PyAV and GStreamer give as many pictures, at the same times, with nearly the same colours."""
    path = video("v.mp4", list(range(0, 2000, 40)), size=(320, 240), b_frames=2)
    one, other = replay(camera(path), "pyav"), replay(camera(path), "gstreamer")
    assert [round(f.pts_s, 6) for f in one] == [round(f.pts_s, 6) for f in other]
    apart = [np.abs(a.image.astype(int) - b.image.astype(int)) for a, b in zip(one, other, strict=True)]
    print(f"\ncolours apart: mean {np.mean(apart):.2f}, 99 % under {np.percentile(apart, 99):.0f} of 255")
    assert np.mean(apart) < 4.0
    assert np.percentile(apart, 99) < 16


def test_masks_are_black(backend: Backend, camera: Make, video: Video) -> None:
    """A masked polygon is black and nothing else is."""
    mask = (((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5)),)
    frames = replay(camera(video("v.mp4", [0, 40]), mask=mask), backend)
    for frame in frames:
        assert not frame.image[:60, :80].any()
        assert (frame.image[62:, :].max(axis=2) > 20).all()
        assert (frame.image[:, 82:].max(axis=2) > 20).all()


def test_the_size_may_change(backend: Backend, camera: Make, video: Video, tmp_path: Path) -> None:
    """A stream that changes its resolution in the middle gives every picture in its own size (F07)."""
    small, large = video("a.h264", list(range(0, 400, 40))), video("b.h264", list(range(0, 400, 40)), size=(320, 240))
    both = tmp_path / "both.h264"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    frames = replay(camera(both), backend)
    assert [f.image.shape for f in frames] == [(120, 160, 3)] * 10 + [(240, 320, 3)] * 10
    assert all(a.pts_s < b.pts_s for a, b in itertools.pairwise(frames))


def test_ten_bits(backend: Backend, camera: Make, video: Video) -> None:
    """A 10-bit recording comes out as 8-bit RGB (F11)."""
    frames = replay(camera(video("hdr.mkv", [0, 40, 80], pix_fmt="yuv420p10le")), backend)
    assert len(frames) == 3
    assert abs(int(frames[0].image[100, 80, 2]) - 80) < 12


def test_a_gifs_times(camera: Make, tmp_path: Path, video: Video) -> None:
    """A GIF's uneven times are kept by PyAV; GStreamer, which loses them, says so instead of making some up."""
    path = video("v.gif", [0, 60, 130, 190, 260], codec="gif", pix_fmt="rgb8")
    assert [round(f.pts_s, 2) for f in replay(camera(path), "auto")] == [0.0, 0.06, 0.13, 0.19, 0.26]
    with pytest.raises(SourceError, match="loses the times"):
        replay(camera(path), "gstreamer")


def text_file(path: Path) -> None:
    path.write_text("Dear installer,\nthis is no video.\n" * 50, encoding="utf-8")


def sound(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16000))


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing.mp4": (lambda path: None, "no such file"),
    "empty.mp4": (lambda path: path.touch(), "empty"),
    "folder.mp4": (lambda path: path.mkdir(), "folder"),
    "letter.mp4": (text_file, "video"),
    "letter.txt": (text_file, "video"),
    "sound.wav": (sound, "no video track"),
    "zeros.mp4": (lambda path: path.write_bytes(bytes(100_000)), "video"),
    "noise.avi": (lambda path: path.write_bytes(np.random.default_rng(0).bytes(100_000)), "video"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_recording_is_told(name: str, backend: Backend, camera: Make, tmp_path: Path) -> None:
    """Each bad file is an error that names it and says what to do; nothing hangs or crashes (F11)."""
    make, words = BAD[name]
    make(tmp_path / name)
    with pytest.raises(SourceError, match=words) as caught:
        replay(camera(tmp_path / name), backend)
    assert str(tmp_path / name) in str(caught.value)
    assert "Check" in str(caught.value) or "Give a video" in str(caught.value)


# Seeds whose 100,000 bytes FFmpeg takes for raw H.263 (nine of 0 to 2000); of 478, 787 and 1295 it decodes a picture.
TAKEN_FOR_H263 = (242, 312, 478, 787, 1170, 1295, 1430, 1792, 1875)


@pytest.mark.parametrize("seed", TAKEN_FOR_H263)
def test_noise_that_looks_like_a_stream_is_no_recording(seed: int, camera: Make, tmp_path: Path) -> None:
    """Noise that FFmpeg takes for a headerless stream gives no picture, and an error that names the file."""
    path = tmp_path / "noise.avi"
    path.write_bytes(np.random.default_rng(seed).bytes(100_000))
    with av.open(str(path)) as container:
        assert container.format.name == "h263"
    with pytest.raises(SourceError, match=r"noise\.avi.*Give a video") as caught:
        replay(camera(path), "auto")
    assert caught.value.kind == "unreadable"


CODECS = {"h264": "libx264", "hevc": "libx265", "m4v": "mpeg4", "mjpeg": "mjpeg"}


@pytest.mark.parametrize("ending", CODECS)
def test_headerless_recordings(ending: str, camera: Make, video: Video) -> None:
    """Elementary streams are recordings, under their own ending and under any other."""
    colours = "yuvj420p" if ending == "mjpeg" else "yuv420p"
    path = video(f"v.{ending}", list(range(0, 800, 40)), codec=CODECS[ending], pix_fmt=colours)
    assert len(replay(camera(path), "auto")) == 20
    assert len(replay(camera(path.rename(path.with_name("v.dat"))), "auto")) == 20


def test_a_cut_recording_is_told(backend: Backend, camera: Make, video: Video) -> None:
    """An mp4 whose end, with its index, is missing can't be read, and it says so."""
    path = video("v.mp4", list(range(0, 4000, 40)))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SourceError, match=r"v\.mp4"):
        replay(camera(path), backend)


def test_damage_in_the_middle_costs_pictures_only(backend: Backend, camera: Make, video: Video) -> None:
    """Flipped bytes lose pictures, never the recording; time stays strictly monotone (F05)."""
    path = video("v.mkv", list(range(0, 4000, 40)))
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(1)
    for at in rng.integers(len(data) // 5, len(data), 40):
        data[at] ^= 0xFF
    path.write_bytes(data)
    frames = replay(camera(path), backend)
    assert len(frames) > 20
    assert all(a.pts_s < b.pts_s for a, b in itertools.pairwise(frames))


def test_a_recording_read_one_by_one_ends_in_words(backend: Backend, camera: Make, video: Video) -> None:
    """`read` gives the pictures one by one and then says that the recording has ended."""
    source = open_source(camera(video("v.mp4", [0, 40])), live=False, backend=backend)
    assert [source.read(0.0).pts_s for _ in range(2)] == [0.0, 0.04]  # type: ignore[union-attr]
    with pytest.raises(SourceError, match="has ended") as caught:
        source.read(0.0)
    assert caught.value.kind == "ended"
    source.close()


def test_a_missing_gstreamer_says_what_to_install(camera: Make, video: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where GStreamer is missing, asking for it names the packages, and "auto" goes on with PyAV."""

    def missing() -> None:
        raise ImportError("no PyGObject for this Python")

    monkeypatch.setattr(gst_library, "_initialised", missing)
    with pytest.raises(SourceError, match=r"apt-get install .*gstreamer1\.0-libav"):
        replay(camera(video("v.mp4", [0, 40])), "gstreamer")
    source = open_source(camera("rtsp://127.0.0.1:1/cam"), live=True)
    assert source.backend == "pyav"
    source.close()


def test_gi_is_loaded_beside_the_path(tmp_path: Path) -> None:
    """A folder without PyGObject for this Python is refused in words."""
    if "gi" in __import__("sys").modules:
        assert gst_library.load_gi(str(tmp_path)).__name__ == "gi"
    else:
        with pytest.raises(ImportError, match="no PyGObject"):
            gst_library.load_gi(str(tmp_path))


@pytest.mark.slow
def test_a_hundred_recordings_leave_nothing_open(backend: Backend, camera: Make, video: Video) -> None:
    """After 100 recordings, half of them left in the middle, no file is open that was not before."""
    path = video("v.mp4", [0, 40, 80, 120])
    before = 0
    for number in range(100):
        source = open_source(camera(path), live=False, backend=backend)
        frames = source.frames()
        next(frames)
        if number % 2:
            list(frames)
        source.close()
        if number == 4:
            before = len(os.listdir("/proc/self/fd"))
    assert len(os.listdir("/proc/self/fd")) <= before + 2
