"""Hostile site files end in a clear error, soon and in little memory."""

import contextlib
import os
import random
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.config import ConfigError, load_site

HEAD = b'[site]\nid = "a"\n[[camera]]\nid = "c"\nsource = "test://"\n'
HOSTILE = {
    "a million keys": HEAD + b"".join(b"k%d = 1\n" % i for i in range(1_000_000)),
    "as many keys as may be": (HEAD + b"".join(b"k%d=1\n" % i for i in range(20_000)))[:131_000].rsplit(b"\n", 1)[0],
    "many tables": (HEAD + b"".join(b"[t%d]\n" % i for i in range(40_000)))[:131_000].rsplit(b"\n", 1)[0],
    "many cameras": HEAD + b"[[camera]]\n" * 10_000,
    "deep arrays": HEAD + b"a = " + b"[" * 100_000,
    "deep closed arrays": HEAD + b"a = " + b"[" * 60_000 + b"]" * 60_000,
    "deep tables": HEAD + b"a = " + b"{a = " * 20_000,
    "a dotted key": HEAD + b"a" + b".a" * 60_000 + b" = 1",
    "a dotted header": HEAD + b"[a" + b".a" * 60_000 + b"]",
    "many dotted keys": HEAD + b"".join(b"a.b.c.d.e.f.g.h%d=1\n" % i for i in range(5_000)),
    "a huge number": HEAD + b"detect_fps = " + b"1" * 100_000,
    "a huge float": HEAD + b"detect_fps = 1e999999",
    "a long text": HEAD + b'name = "' + b"a" * 120_000 + b'"',
    "a long key": HEAD + b"a" * 120_000 + b" = 1",
    "a long source": HEAD.replace(b"test://", b"http://h/?" + b"pass?" * 20_000),
    "schemes": HEAD + b'zz = "' + b"x://" * 25_000 + b'"',
    "an open text": HEAD + b'name = """' + b'\\"' * 50_000,
    "a huge polygon": HEAD + b"mask = [[" + b"[0,0]," * 20_000 + b"]]",
    "NUL": HEAD + b"\0",
    "not UTF-8": HEAD + b'name = "\xe4"',
    "UTF-16": HEAD.decode().encode("utf-16"),
    "dunder": HEAD + b'__class__ = "x"\n[__init__]\n',
    "empty": b"",
    "noise": random.Random(0).randbytes(100_000),
}


def told(path):
    """What load_site says."""
    with pytest.raises(ConfigError) as caught:
        load_site(path, {})
    return str(caught.value)


@pytest.mark.timeout(120)  # a second on a quiet machine; work that grows with the square of the input would be minutes
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_words_and_soon(name, tmp_path):
    """No file brings a traceback, a flood of text or a wait."""
    path = tmp_path / "site.toml"
    path.write_bytes(HOSTILE[name])
    text = told(path)
    assert text.startswith(str(path))
    assert len(text) < 100_000


def test_a_file_of_100_mb_is_not_read(tmp_path):
    """The size is looked at before the content."""
    path = tmp_path / "site.toml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    tracemalloc.start()
    text = told(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "larger than 128 kB" in text
    assert peak < 5_000_000


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("", "is a folder"),
        ("none.toml", "there is no such file"),
        ("a\0b", "cannot be read"),
        ("x" * 300, "cannot be read"),
    ],
)
def test_what_is_no_file_is_named(path, says, tmp_path):
    """Folders, missing files and impossible names are told apart."""
    assert says in told(tmp_path / path)


def test_a_device_is_not_read(tmp_path):
    """/dev/zero and pipes would never end."""
    assert "not a plain file" in told("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    assert "not a plain file" in told(tmp_path / "pipe")


TOKENS = st.sampled_from(
    [
        *"[]{}=.,#\n\\ \"'",
        *("[[", "]]", '"""', "'''", "\r\n", '"${A}"', '"x"'),
        *("site", "camera", "queue", "lane", "alert", "id", "area", "mask", "when"),
        *("1", "0.5", "true", "inf", "1979-05-27 07:32:00", "[[0,0],[1,0],[1,1]]"),
    ]
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TOKENS, max_size=40).map("".join))
def test_any_text_gives_a_site_or_faults(tmp_path, text):
    """Whatever is written, the answer is a Site or a ConfigError, never another exception."""
    path = tmp_path / "site.toml"
    path.write_bytes(text.encode())
    with contextlib.suppress(ConfigError):
        assert load_site(path, {}).cameras
