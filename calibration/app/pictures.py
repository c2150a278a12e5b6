"""Single pictures of a recording, by their media time, masked as the site file says."""

import cv2
import numpy as np

from edge.capture.mask import black_out
from edge.errors import InputError
from edge.settings import CameraSettings

BEFORE_S = 3.0  # decoding begins at the key frame before


def picture_at(camera: CameraSettings, pts_s: float) -> bytes:
    """JPEG of the first picture at or after `pts_s` (the last one past the end); InputError if there is none."""
    import av  # noqa: PLC0415 - the page alone needs it

    frame = None
    try:
        with av.open(camera.source) as container:
            start_s = (container.start_time or 0) / 1e6  # media time counts from the recording's first picture
            container.seek(round((start_s + max(pts_s - BEFORE_S, 0.0)) * 1e6))
            for decoded in container.decode(video=0):
                frame = decoded
                if decoded.time is not None and decoded.time - start_s >= pts_s - 1e-3:
                    break
    except (av.FFmpegError, OSError) as error:
        raise InputError(f"{camera.source_shown}: can't be read: {error}") from error
    if frame is None:
        raise InputError(f"{camera.source_shown}: no picture at {pts_s:g} s")
    image = np.ascontiguousarray(frame.to_ndarray(format="rgb24"), np.uint8)
    black_out(image, camera.mask)
    return bytes(cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])[1])
