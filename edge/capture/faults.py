"""What goes wrong with a camera or recording, in words for whoever stands before the box."""

from edge.errors import SourceError
from edge.settings import CameraSettings

_NETWORK = {
    "refused": "can't be reached{reason}. Check that the camera is on, its address and port, and that this box is in "
    "the camera's network",
    "auth_failed": "refuses the user name or the password{reason}. Correct them in the site file, or in the "
    "environment variable that it names; special characters are written as in a URL (@ is %40)",
    "untrusted": "can't be trusted{reason}. Put its certificate beside the site file and name it with ca_file under "
    'its [[camera]], or write certificate = "any" there: still encrypted, but anybody could stand in for it',
    "not_found": "has no such stream{reason}. Check the part of the address behind the host; the camera's own page "
    "or manual names it",
    "ended": "closed the stream{reason}. It may have restarted, or have too many viewers",
    "stalled": "sends no more pictures{reason}. Check its cable, its power and the network between",
    "unreadable": "can't be understood{reason}. Check that the stream is H.264, H.265 or MJPEG video",
}
_FILE = {
    "not_found": "{reason}. Check the path; a path in a site file is seen from the site file's folder",
    "ended": "the recording has ended{reason}",
    "unreadable": "{reason}. Give a video file (mp4, mkv, avi, mov, gif, ...); if it should be one, it is damaged: "
    "copy or record it again",
}


def network_fault(camera: CameraSettings, kind: str, reason: str = "") -> SourceError:
    """An error of a live camera; the address is shown without its password."""
    text = _NETWORK[kind].format(reason=f" ({reason})" if reason else "")
    return SourceError(f"camera {camera.id}: {camera.source_shown} {text}.", kind)


def file_fault(camera: CameraSettings, kind: str, reason: str = "") -> SourceError:
    """An error of a recording; it names the file."""
    return SourceError(f"{camera.source_shown}: {_FILE[kind].format(reason=reason)}.", kind)
