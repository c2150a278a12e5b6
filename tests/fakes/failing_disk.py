"""A disk whose n-th call fails, under the very SQLite that the program uses.

A VFS of our own, made with ctypes in the library that Python's sqlite3 has loaded: SQLite's own functions for files,
but reads, writes, truncations, syncs, openings, deletions and the mapping of the WAL's index are counted, and fail when
a test says so. https://sqlite.org/c3ref/vfs.html and https://sqlite.org/c3ref/io_methods.html give the two structures.
"""

import _sqlite3
import ctypes as c
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

EVERY = int(os.environ.get("LINEWISE_TEST_EVERY_CALL", "6"))  # 1: each call in turn, the whole test; 6: each sixth
FULL = 13
FAULTS = {"read": 266, "write": 778, "truncate": 1546, "sync": 1034, "open": 14, "delete": 2570, "map": 5386}

_OPEN = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.c_void_p, c.c_int, c.c_void_p)  # names are kept, not copied
_DELETE = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.c_int)
_MOVE = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.c_int, c.c_int64)  # read and write
_TRUNCATE = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_int64)
_SYNC = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_int)
_MAP = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_int, c.c_int, c.c_int, c.c_void_p)


class _Vfs(c.Structure):
    _fields_ = (
        ("iVersion", c.c_int), ("szOsFile", c.c_int), ("mxPathname", c.c_int), ("pNext", c.c_void_p),
        ("zName", c.c_char_p), ("pAppData", c.c_void_p), ("xOpen", c.c_void_p), ("xDelete", c.c_void_p),
        *((f"same{n}", c.c_void_p) for n in range(14)),
    )  # fmt: skip


class _Methods(c.Structure):
    _fields_ = (
        ("iVersion", c.c_int), ("xClose", c.c_void_p), ("xRead", c.c_void_p), ("xWrite", c.c_void_p),
        ("xTruncate", c.c_void_p), ("xSync", c.c_void_p), *((f"same{n}", c.c_void_p) for n in range(7)),
        ("xShmMap", c.c_void_p), *((f"more{n}", c.c_void_p) for n in range(5)),
    )  # fmt: skip


@dataclass
class Disk:
    """What the disk does; shared by all files that SQLite opens while it is the default.

    Attributes:
        calls: how many there were since `arm`.
        failed: which of them failed, in words.
    """

    calls: int = 0
    failed: list[str] = field(default_factory=list)
    _at: int = 0
    _lasting: bool = False
    _full: bool = False

    def arm(self, at: int, *, lasting: bool = False, full: bool = False) -> None:
        """The call number `at` fails, and all after it where it is lasting; full: writes say that the disk is full."""
        self.calls, self.failed, self._at, self._lasting, self._full = 0, [], at, lasting, full

    def heal(self) -> None:
        """All goes well again; `calls` and `failed` stay."""
        self._at = 0

    def fault(self, kind: str) -> int:
        """0, or what the call is to answer."""
        self.calls += 1
        if not self._at or self.calls < self._at or (self.calls > self._at and not self._lasting):
            return 0
        if self._full and kind != "write":
            return 0  # a full disk reads, syncs and deletes
        self.failed.append(f"{kind}, call {self.calls}")
        return FULL if self._full else FAULTS[kind]


def calls_to_fail(first: int) -> Iterator[int]:
    """Numbers of the calls that are to fail, one a run: `first` and each sixth after it, or every one."""
    return itertools.count(min(first, EVERY), EVERY)


_disk = Disk()
_methods: dict[int, _Methods] = {}  # by the address of SQLite's own
_kept: list[object] = []  # callbacks must live as long as any file


def _ours(address: int) -> _Methods:
    """SQLite's methods with ours in the place of some."""
    if address in _methods:
        return _methods[address]
    theirs = _Methods.from_address(address)
    made = _Methods.from_buffer_copy(theirs)
    for name, kind, type_ in (
        ("xRead", "read", _MOVE), ("xWrite", "write", _MOVE), ("xTruncate", "truncate", _TRUNCATE),
        ("xSync", "sync", _SYNC), ("xShmMap", "map", _MAP),
    ):  # fmt: skip
        original = getattr(theirs, name)
        if original and (name != "xShmMap" or theirs.iVersion >= 2):
            setattr(made, name, _wrapped(type_, original, kind))
    _methods[address] = made
    return made


def _wrapped(type_: type, original: int, kind: str) -> int | None:
    call = type_(original)
    callback = type_(lambda *arguments: _disk.fault(kind) or call(*arguments))
    _kept.append(callback)
    return c.cast(callback, c.c_void_p).value


def _vfs(library: c.CDLL) -> tuple[_Vfs, c.c_void_p]:
    """Ours, and SQLite's own."""
    library.sqlite3_vfs_find.restype = c.c_void_p
    library.sqlite3_vfs_find.argtypes = (c.c_char_p,)
    own = library.sqlite3_vfs_find(None)
    theirs = _Vfs.from_address(own)
    made = _Vfs.from_buffer_copy(theirs)
    made.pNext, made.zName = None, b"failing"
    open_file = _OPEN(theirs.xOpen)

    def opened(vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
        fault = _disk.fault("open")
        if fault:
            c.c_void_p.from_address(file).value = None  # no methods: nothing to be closed
            return fault
        code = int(open_file(vfs, name, file, flags, out))
        methods = c.c_void_p.from_address(file)
        if code == 0 and methods.value:
            methods.value = c.addressof(_ours(methods.value))
        return code

    callback = _OPEN(opened)
    made.xOpen = c.cast(callback, c.c_void_p).value
    made.xDelete = _wrapped(_DELETE, theirs.xDelete, "delete")
    _kept.extend((callback, made))
    return made, c.c_void_p(own)


_library = c.CDLL(_sqlite3.__file__)
_made, _own = _vfs(_library)


@contextmanager
def failing_disk() -> Iterator[Disk]:
    """Files that SQLite opens within are on a disk that fails when it is told to."""
    assert _library.sqlite3_vfs_register(c.byref(_made), 1) == 0
    _disk.arm(0)
    try:
        yield _disk
    finally:
        _disk.arm(0)
        _library.sqlite3_vfs_register(_own, 1)
        _library.sqlite3_vfs_unregister(c.byref(_made))
