"""A batch of Kalman filters, one a person and axis: positions with a velocity that dies away (Ornstein-Uhlenbeck).

People in a line stand, shuffle and walk; a velocity that lasted for ever would carry a hidden one off. With
a = exp(-dt / tau) and s the standing deviation of the velocity, the exact step over any dt is (Gillespie 1996,
"Exact numerical simulation of the Ornstein-Uhlenbeck process and its integral", eq. 2.10):

    x += v tau (1 - a);  v *= a
    Qvv = s^2 (1 - a^2);  Qxv = s^2 tau (1 - a)^2;  Qxx = s^2 tau^2 (2 dt / tau - 3 + 4 a - a^2)

so 0.5 and 30 pictures a second are the same filter. The four axes are (x middle, top, width, height) of a box.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class States:
    """N filters of four independent axes each.

    Attributes:
        x: (N, 4) positions, pixels.
        v: (N, 4) velocities, pixels a second.
        cov: (N, 4, 3) variances xx, xv, vv.
    """

    x: Array
    v: Array
    cov: Array


def first_states(measured: Array, noise: Array, speed: Array) -> States:
    """States of boxes seen once: (N, 4) boxes, (N, 4) noise and (N, 4) speed standard deviations."""
    cov = np.zeros((len(measured), 4, 3))
    cov[..., 0] = noise**2
    cov[..., 2] = speed**2
    return States(measured.astype(np.float64), np.zeros_like(cov[..., 0]), cov)


def predict(states: States, dt_s: float, *, speed: Array, tau_s: Array) -> States:
    """States `dt_s` later; `speed` (N, 4) is the velocity's standing deviation, `tau_s` (N, 4) how long it lasts."""
    if dt_s <= 0:
        return states
    a = np.exp(-dt_s / tau_s)
    b = tau_s * (1 - a)
    xx, xv, vv = states.cov[..., 0], states.cov[..., 1], states.cov[..., 2]
    s2 = speed**2
    cov = np.empty_like(states.cov)
    cov[..., 0] = xx + 2 * b * xv + b**2 * vv + s2 * tau_s**2 * np.maximum(2 * dt_s / tau_s - 3 + 4 * a - a**2, 0)
    cov[..., 1] = a * (xv + b * vv) + s2 * b * (1 - a)
    cov[..., 2] = a**2 * vv + s2 * (1 - a**2)
    return States(states.x + b * states.v, a * states.v, cov)


def correct(states: States, measured: Array, noise: Array, *, surprise: float = 4.0) -> States:
    """States after a measurement each: (N, 4) boxes with (N, 4) noise.

    A measurement farther off than sqrt(surprise) standard deviations is believed by widening that axis's covariance:
    somebody who starts to walk is followed at once instead of lagging behind.
    """
    r = measured - states.x
    s = states.cov[..., 0] + noise**2
    widen = np.maximum((r**2 / surprise - noise**2) / np.maximum(states.cov[..., 0], 1e-9), 1.0)
    cov = states.cov * widen[..., None]
    xx, xv, vv = cov[..., 0], cov[..., 1], cov[..., 2]
    s = xx + noise**2
    kx, kv = xx / s, xv / s
    after = np.stack([(1 - kx) * xx, (1 - kx) * xv, np.maximum(vv - kv * xv, 0.0)], axis=-1)
    return States(states.x + kx * r, states.v + kv * r, after)
