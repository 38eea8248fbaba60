"""Videos written here: frames that carry their number as bars, at any times."""

import struct
from types import SimpleNamespace

import numpy as np
import pytest

from exprstats.deep.video.reading import read_clip

cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")

BITS, BAR, HEIGHT = 10, 16, 32
_PARENTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def draw_code(number):
    """Return a picture (HEIGHT, BITS * BAR, 3), BGR, whose bars are the number's bits.

    White is 1. Blue (BGR's first channel) is 40 more than red where it is dark, so that swapped
    channels are noticed. Number 0 is kept for black frames.
    """
    bits = [(number >> place) & 1 for place in range(BITS)]
    row = np.repeat(np.array(bits, np.uint8) * 200, BAR)
    picture = np.repeat(np.repeat(row[None, :, None], HEIGHT, axis=0), 3, axis=2)
    picture[..., 0] += 50
    return picture


def read_code(frame):
    """Return the number of a frame, RGB or BGR, that may have been packed with losses."""
    green = frame[..., 1].astype(float).mean(axis=0).reshape(BITS, BAR)[:, 4:-4].mean(axis=1)
    return sum(1 << place for place in range(BITS) if green[place] > 100)


def write_video(path, numbers, fps=25.0, code="mp4v"):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), fps, (BITS * BAR, HEIGHT))
    assert writer.isOpened()
    for number in numbers:
        writer.write(draw_code(number))
    writer.release()
    return path


def retime(path, durations):
    """Give the frames of an .mp4 file other durations (s), as variable frame rates have.

    Its table of durations (stts) comes after the pictures, so that no offset changes.
    """
    data = bytearray(path.read_bytes())
    at = data.index(b"mdhd")
    scale = struct.unpack(">I", data[at + 16 : at + 20])[0]
    units = [round(one * scale) for one in durations]
    entries = b"".join(struct.pack(">II", 1, one) for one in units)
    body = b"stts" + struct.pack(">II", 0, len(units)) + entries
    at = data.index(b"stts") - 4
    old = struct.unpack(">I", data[at : at + 4])[0]
    data[at : at + old] = struct.pack(">I", len(body) + 4) + body
    for name in _PARENTS:
        place = data.index(name, data.index(b"moov")) - 4
        size = struct.unpack(">I", data[place : place + 4])[0]
        data[place : place + 4] = struct.pack(">I", size + len(body) + 4 - old)
    # The list of edits ends the film at its old length; players pass over what is free.
    path.write_bytes(bytes(data).replace(b"edts", b"free"))
    return path


def turn(path):
    """Mark an .mp4 file as recorded with the camera on its side: a quarter turn clockwise."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    matrix = [0, one, 0, -one, 0, 0, HEIGHT * one, 0, 1 << 30]
    data[at : at + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(bytes(data))
    return path


@pytest.fixture
def make_video(tmp_path):
    """Return a function that writes numbered frames from 1, of a length in frames."""

    def make(count=100, fps=25.0, name="v.mp4", **options):
        return write_video(tmp_path / name, range(1, count + 1), fps, **options)

    return make


def read_numbers(clip):
    """Return the number of each frame of a clip, 0 where there is none."""
    pairs = zip(clip.frames, clip.present, strict=True)
    return [read_code(frame) if there else 0 for frame, there in pairs]


def read_file(folder, name):
    """Return the numbers of the frames of a file, none of which is missing."""
    clip = read_clip(folder / name)
    assert clip.present.all()
    return read_numbers(clip)


@pytest.fixture
def codes():
    """Return what reads numbers back and what changes the times and the side of a video."""
    return SimpleNamespace(read=read_numbers, read_file=read_file, retime=retime, turn=turn)
