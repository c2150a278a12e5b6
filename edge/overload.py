"""When a box is too slow for its cameras: one rule, for the camera's health and for the quality of readings."""

LEAST_SHARE = 0.5  # of the pictures that the detector should see; below, people are lost between two pictures


def too_slow(in_per_s: float, out_per_s: float, detect_fps: float) -> bool:
    """Were far fewer pictures looked at than came and were asked for (rates of the last seconds)?

    A camera that sends less than detect_fps is its own fault and not this box's.
    """
    return out_per_s < LEAST_SHARE * min(in_per_s, detect_fps)
