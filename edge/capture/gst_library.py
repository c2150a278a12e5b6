"""The one place where GStreamer is imported: Debian's PyGObject, also from a virtual environment."""

import ctypes
import importlib.util
import os
import sys
import threading
import warnings
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from edge.capture.damage import listen_to_gstreamer
from edge.capture.tls import Trust
from edge.errors import SourceError

PACKAGES = (
    "python3-gi python3-gst-1.0 gir1.2-gst-plugins-base-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good "
    "gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav"
)
REMEDY = f"install it as root: apt-get install -y --no-install-recommends {PACKAGES}; or let Linewise use PyAV"
_DEBIAN = "/usr/lib/python3/dist-packages"
_loading = threading.Lock()


def load_gi(folder: str = _DEBIAN) -> ModuleType:
    """PyGObject, from this environment or from Debian's own folder; sys.path is left alone.

    Raises:
        ImportError: there is none for this Python.
    """
    try:
        import gi  # noqa: PLC0415  there or not: asked once, here
    except ImportError:
        pass
    else:
        return gi  # type: ignore[no-any-return]
    extension = f"_gi.cpython-{sys.version_info.major}{sys.version_info.minor}-*.so"
    package = Path(folder) / "gi"
    if not any(package.glob(extension)):
        raise ImportError(f"no PyGObject for Python {sys.version_info.major}.{sys.version_info.minor} in {folder}")
    spec = importlib.util.spec_from_file_location(
        "gi", package / "__init__.py", submodule_search_locations=[str(package)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{package} can't be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules["gi"] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules["gi"]
        raise
    return module


def _keep_exceptions() -> None:
    """Lets libgcc unwind C++ exceptions although GStreamer brings libunwind, which has functions of the same names.

    Without it, a process that has imported numpy and then GStreamer dies at the first exception inside OpenVINO or
    ONNX Runtime.
    """
    try:
        ctypes.CDLL("libgcc_s.so.1", mode=ctypes.RTLD_GLOBAL)
    except OSError:  # no GNU C library: no libunwind of Debian's either
        return


@cache
def _initialised() -> Any:
    _keep_exceptions()
    gi = load_gi()
    gi.require_version("Gst", "1.0")
    gi.require_version("GstApp", "1.0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # PyGObject's importer is of an old kind
        from gi.repository import Gio, Gst, GstApp  # noqa: F401, PLC0415  GstApp gives appsink its methods

    if not Gst.init_check(None)[0]:
        raise ImportError("GStreamer's core does not start")
    listen_to_gstreamer(Gst, quiet="GST_DEBUG" not in os.environ)
    return Gst


def gst() -> Any:
    """The Gst module, initialised once; call it first on the main thread, before any thread uses GStreamer.

    Raises:
        SourceError: GStreamer or its Python binding isn't installed.
    """
    try:
        with _loading:
            return _initialised()
    except (ImportError, ValueError) as error:  # ValueError: require_version finds no typelib
        raise SourceError(f"GStreamer isn't usable here ({error}); {REMEDY}.") from error


def tls_properties(trust: Trust | None) -> dict[str, Any]:
    """What an RTSP source is told of certificates; {}: nothing is encrypted."""
    if trust is None:
        return {}
    from gi.repository import Gio  # noqa: PLC0415  there since gst()

    everything = Gio.TlsCertificateFlags.VALIDATE_ALL
    if not trust.checked:
        return {"tls-validation-flags": Gio.TlsCertificateFlags(0)}
    if trust.name is not None:
        everything &= ~Gio.TlsCertificateFlags.BAD_IDENTITY
    database = Gio.TlsFileDatabase.new(trust.ca_file) if trust.ca_file else None
    return {"tls-validation-flags": everything, "tls-database": database}


def available() -> bool:
    """True if GStreamer can be used."""
    try:
        gst()
    except SourceError:
        return False
    return True
