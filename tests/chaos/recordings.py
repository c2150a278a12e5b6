"""Small recordings of every kind, and ways to break their headers, boxes and units of video (fault F11)."""

import random
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SPARSE = 10 * 2**30  # behind an mp4, which says where its pictures are; the others are searched to their end,
SEARCHED = 2**25  # at 5 to 10 s of the processor a GB
SIZES = (0, 1, 7, 8, 9, 2**16, 2**31 - 1, 2**31, 2**32 - 1)
EDGES = (0, 1, 2, 15, 4096, 8192, 16384, 65535)
BOXES = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1", b"hvc1", b"avcC", b"hvcC", b"stts", b"stsc",
         b"stsz", b"stco", b"ctts", b"stss", b"tkhd", b"mdhd", b"mvhd", b"elst", b"mdat", b"moof", b"trun", b"tfhd",
         b"avih", b"strh", b"strf", b"movi", b"idx1", b"LIST", b"RIFF")  # fmt: skip

# name -> codec, pixel format, (width, height), how many pictures, options of the container
RECORDINGS: dict[str, tuple[str, str, tuple[int, int], int, dict[str, str]]] = {
    "plain.mp4": ("libx264", "yuv420p", (96, 64), 30, {}),
    "fast.mp4": ("libx264", "yuv420p", (96, 64), 30, {"movflags": "faststart"}),
    "pieces.mp4": ("libx264", "yuv420p", (96, 64), 30, {"movflags": "frag_keyframe+empty_moov"}),
    "hdr.mp4": ("libx265", "yuv420p10le", (96, 64), 12, {}),
    "plain.mkv": ("libx264", "yuv420p", (96, 64), 30, {}),
    "odd.mkv": ("ffv1", "bgr0", (17, 5), 12, {}),
    "one.mkv": ("ffv1", "bgr0", (1, 1), 12, {}),
    "old.avi": ("mpeg4", "yuv420p", (96, 64), 30, {}),
    "jpegs.avi": ("mjpeg", "yuvj420p", (96, 64), 12, {}),
    "bare.h264": ("libx264", "yuv420p", (96, 64), 30, {}),
    "bare.hevc": ("libx265", "yuv420p", (96, 64), 12, {}),
    "wide.mp4": ("libx264", "yuv420p", (16384, 16), 4, {}),
    "tall.mkv": ("libx264", "yuv420p", (16, 16384), 4, {}),
    "stream.ts": ("libx264", "yuv420p", (96, 64), 30, {}),
}  # fmt: skip


def record(path: Path) -> None:
    """Writes the recording of that name: a bright bar that wanders."""
    codec, pix_fmt, (width, height), count, options = RECORDINGS[path.name]
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.codec_context.gop_size = 10
        stream.codec_context.thread_count = 1
        if codec.startswith("libx26"):
            quiet = {"x265-params": "log-level=none:pools=1"} if codec == "libx265" else {}
            stream.options = {"preset": "ultrafast", **quiet}
        for number in range(count):
            image = np.full((height, width, 3), 60, np.uint8)
            image[:, number * 5 % width : number * 5 % width + 9] = 220
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _flips(blob: bytearray, rng: random.Random, *, first: int, last: int) -> None:
    for _ in range(rng.randint(1, 30)):
        blob[rng.randrange(first, max(first + 1, min(last, len(blob))))] ^= 1 << rng.randrange(8)


def _head(blob: bytearray, rng: random.Random) -> None:
    """Bits of the first kilobyte: headers of every container but those at the end."""
    _flips(blob, rng, first=0, last=1024)


def _tail(blob: bytearray, rng: random.Random) -> None:
    """Bits of the last two: an index, an mp4's whole description."""
    _flips(blob, rng, first=max(0, len(blob) - 2048), last=len(blob))


def _boxes(blob: bytearray) -> list[int]:
    return [at for name in BOXES if (at := blob.find(name, 4)) >= 0]


def _box_size(blob: bytearray, rng: random.Random) -> None:
    """A box says that it is of another size: nothing, itself, the whole file, more than there is."""
    found = _boxes(blob)
    if not found:
        _head(blob, rng)
    for at in rng.sample(found, min(len(found), rng.randint(1, 3))):
        size = rng.choice((*SIZES, len(blob), rng.randrange(2**32)))
        behind = blob[:4] == b"RIFF"
        struct.pack_into("<I" if behind else ">I", blob, min(at + 4 if behind else at - 4, len(blob) - 4), size)


def _box_inside(blob: bytearray, rng: random.Random) -> None:
    """The first figures of a box: how many entries, which offsets, how long a picture lasts."""
    for at in rng.sample(_boxes(blob), min(len(_boxes(blob)), 2)):
        for _ in range(rng.randint(1, 4)):
            place = min(at + 4 + 4 * rng.randrange(8), len(blob) - 4)
            struct.pack_into(">I", blob, place, rng.choice((*SIZES, rng.randrange(2**32))))


def _dimensions(blob: bytearray, rng: random.Random) -> None:
    """Width and height as the container has them, from nothing to 65,535."""
    edges = rng.choice(EDGES), rng.choice(EDGES)
    for name in (b"avc1", b"hvc1", b"hev1"):
        if 0 <= (at := blob.find(name)) < len(blob) - 40:
            struct.pack_into(">HH", blob, at + 28, *edges)
    if 0 <= (at := blob.find(b"tkhd")) < len(blob) - 90:
        struct.pack_into(">II", blob, at + 80, edges[0] << 16, edges[1] << 16)
    if 0 <= (at := blob.find(b"strf")) < len(blob) - 20:
        struct.pack_into("<ii", blob, at + 12, *edges)
    if 0 <= (at := blob.find(b"\xb0\x81")) < len(blob) - 8:  # Matroska's PixelWidth of a byte
        blob[at + 2] = edges[0] % 256


def _units(blob: bytearray) -> list[int]:
    marks = [at + 3 for at in range(len(blob) - 8) if blob[at : at + 3] == b"\0\0\1"]
    return marks or [at + 4 for name in (b"avcC", b"hvcC", b"mdat") if (at := blob.find(name)) >= 0] or [len(blob) // 2]


def _unit_heads(blob: bytearray, rng: random.Random) -> None:
    """Bits of parameter sets and slice heads: sizes, references, depths that can't be."""
    for at in rng.choices(_units(blob), k=rng.randint(1, 4)):
        _flips(blob, rng, first=min(at, len(blob) - 1), last=at + 40)


def _units_apart(blob: bytearray, rng: random.Random) -> None:
    """A unit of video twice, or none of it."""
    marks = _units(blob)
    at = rng.choice(marks)
    end = at + rng.randint(1, 2000)
    blob[at:at] = blob[at:end] if rng.random() < 0.5 else b""
    if rng.random() < 0.5:
        del blob[at:end]


def _cut(blob: bytearray, rng: random.Random) -> None:
    """The rest is missing."""
    del blob[rng.randrange(len(blob)) :]


def _hole(blob: bytearray, rng: random.Random) -> None:
    """A stretch of zeros, or of something else."""
    at, long = rng.randrange(len(blob)), rng.randint(1, 3000)
    blob[at : at + long] = bytes(long) if rng.random() < 0.5 else rng.randbytes(long)


def _whole(blob: bytearray, rng: random.Random) -> None:
    """As it is; much nothing is put behind it."""


DAMAGES: dict[str, Callable[[bytearray, random.Random], None]] = {
    "head": _head, "tail": _tail, "box size": _box_size, "box inside": _box_inside, "dimensions": _dimensions,
    "unit heads": _unit_heads, "units apart": _units_apart, "cut": _cut, "hole": _hole, "sparse": _whole,
}  # fmt: skip


def damaged(templates: Path, place: Path, seed: int) -> tuple[Path, str]:
    """One broken recording of that seed in `place`, and in which way it is broken."""
    rng = random.Random(seed)
    name = rng.choice(tuple(RECORDINGS))
    kind = rng.choice(tuple(DAMAGES))
    blob = bytearray((templates / name).read_bytes())
    DAMAGES[kind](blob, rng)
    path = place / f"{seed}-{name}"
    path.write_bytes(blob)
    if kind == "sparse":
        with path.open("r+b") as file:
            file.truncate(SPARSE if name.endswith(".mp4") else SEARCHED)
    return path, kind
