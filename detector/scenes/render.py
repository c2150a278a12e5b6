"""Draws people into a room with OpenGL (Mesa's software renderer is enough), and marks whose each pixel is."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.scenes import shaders
from detector.scenes.body import Body, heading_matrix, placed, skinned
from detector.scenes.camera import Camera
from detector.scenes.garments import BOTTOM, SHOES, TOP
from detector.scenes.poses import Pose, rotations
from detector.scenes.room import TILES, Room
from detector.scenes.wardrobe import Style

Floats = NDArray[np.float64]
SHADOW_PX = 384
# Directions of light (metres sideways for each metre up), the height that casts, the channel, the blur.
LAMPS = (((-0.30, -0.22), 3.0, (1.0, 0.0, 0.0), 6.0), ((0.0, 0.0), 0.35, (0.0, 0.0, 1.0), 2.0))
CLOTH_N = 64
Buffers = tuple[Any, Any, Any, Any]  # moving vertices, fixed attributes, faces, faces of clothes


class SceneError(RuntimeError):
    """No picture can be drawn here; the message says what to install."""


@dataclass(frozen=True)
class Figure:
    """A person in the scene: where the feet are (metres), where the face looks, how it stands and looks."""

    body: Body
    pose: Pose
    style: Style
    x_m: float
    y_m: float
    heading_rad: float


@dataclass(frozen=True)
class Drawn:
    """A picture and what is where in it.

    image (H, W, 3) uint8 RGB; marks (H, W) uint8, 0 the room and k + 1 the k-th figure; boxes (N, 4) float of whole
    figures as if nothing hid them, pixels, not cut at the border.
    """

    image: np.ndarray
    marks: np.ndarray
    boxes: Floats


def open_context() -> Any:
    """An OpenGL context without a window."""
    try:
        moderngl = importlib.import_module("moderngl")  # boxes and bodies do without
    except ImportError:
        raise SceneError("drawing needs moderngl: pip install 'linewise[scenes]'") from None
    try:
        return moderngl.create_standalone_context(backend="egl")
    except Exception as error:  # noqa: BLE001 - moderngl raises bare Exception where EGL is missing
        raise SceneError(f"no OpenGL by EGL here ({error}); on Debian: apt install libegl1 libgl1-mesa-dri") from None


class Renderer:
    """Holds the GPU side of one room and camera; draw() is a pure function of its figures."""

    def __init__(self, camera: Camera, room: Room, samples: int = 4) -> None:
        self.camera, self.room, self.gl = camera, room, open_context()
        self.gl.gc_mode = "auto"  # a frame's vertex arrays must not outlive it
        gl, size = self.gl, (camera.width_px, camera.height_px)
        self.person = gl.program(shaders.PERSON_VERTEX, fragment_shader=shaders.PERSON_FRAGMENT)
        self.marker = gl.program(shaders.PERSON_VERTEX, fragment_shader=shaders.MARK_FRAGMENT)
        self.walls = gl.program(shaders.ROOM_VERTEX, fragment_shader=shaders.ROOM_FRAGMENT)
        self.cover = gl.program(shaders.ROOM_VERTEX, fragment_shader=shaders.MARK_FRAGMENT)
        self.floor = gl.program(shaders.ROOM_VERTEX, fragment_shader=shaders.FLOOR_FRAGMENT)
        self.caster = gl.program(shaders.SHADOW_VERTEX, fragment_shader=shaders.SHADOW_FRAGMENT)
        self.empty, self.full = (_target(gl, size, 3, samples) for _ in range(2))
        self.flat, self.marks = _target(gl, size, 3, 0), _target(gl, size, 1, 0)
        self.cast = _target(gl, (SHADOW_PX, SHADOW_PX), 3, 0)
        self.shadow = gl.texture((SHADOW_PX, SHADOW_PX), 3)
        self.cloth = gl.texture3d((CLOTH_N,) * 3, 4, cloth_noise().tobytes())
        packed = room.packed()
        self.room_buffer = gl.buffer(packed.tobytes())
        self.floor_buffer = gl.buffer(packed[packed[:, 9] == TILES].tobytes())
        self.bodies: dict[int, tuple[Any, Any, Any]] = {}
        for program in (self.person, self.marker, self.walls, self.cover, self.floor, self.caster):
            _put(program, clip=camera.clip_matrix().T.tobytes(), floor_box=room.floor_box_m)
            _put(program, eye=(camera.x_m, camera.y_m, camera.height_m))
        gl.enable(gl.DEPTH_TEST)
        self.empty.use()
        self.empty.clear(0.55, 0.55, 0.55, 1.0)
        self._room(self.walls).render()

    def draw(self, figures: Sequence[Figure], *, marked: bool = True) -> Drawn:
        """Without marked the marks stay 0, which saves a pass."""
        world = [stand(f) for f in figures]
        buffers = [self._buffers(f.body, *points) for f, points in zip(figures, world, strict=True)]
        self._cast_shadows(buffers)
        self._draw_colour(figures, buffers)
        image = np.frombuffer(self.flat.read(components=3, alignment=1), np.uint8)
        image = image.reshape(self.camera.height_px, self.camera.width_px, 3)[::-1]
        boxes = [box_of(self.camera, points) for points, _ in world]
        marks = self._draw_marks(buffers) if marked else np.zeros(image.shape[:2], np.uint8)
        return Drawn(image.copy(), marks, np.array(boxes, float).reshape(-1, 4))

    def _room(self, program: Any, *, floor_only: bool = False) -> Any:
        buffer = self.floor_buffer if floor_only else self.room_buffer
        content = [(buffer, "3f 3f 3f 1f", "at", "normal", "tint", "material")]
        return self.gl.vertex_array(program, content, skip_errors=True)

    def _buffers(self, body: Body, points: Floats, normals: Floats) -> Buffers:
        """What does not move is uploaded once a body."""
        if id(body) not in self.bodies:
            fixed = np.concatenate([body.vertices, body.parts[:, None]], 1).astype(np.float32)
            # Clothes are enough to cast the shadow, and a third of the triangles.
            cloth = body.faces[np.isin(body.parts[body.faces[:, 0]], (TOP, BOTTOM, SHOES))]
            upload = self.gl.buffer
            self.bodies[id(body)] = (upload(fixed.tobytes()), upload(body.faces.tobytes()), upload(cloth.tobytes()))
        moving = np.concatenate([points, normals], 1).astype(np.float32)
        return (self.gl.buffer(moving.tobytes()), *self.bodies[id(body)])

    def _person(self, program: Any, buffers: Buffers, *, cloth_only: bool = False) -> Any:
        moving, fixed, faces, cloth = buffers
        content = [(moving, "3f 3f", "at", "normal"), (fixed, "3f 1f", "rest", "part")]
        return self.gl.vertex_array(program, content, cloth if cloth_only else faces, skip_errors=True)

    def _cast_shadows(self, buffers: list[Buffers]) -> None:
        gl = self.gl
        self.cast.use()
        self.cast.clear()
        gl.disable(gl.DEPTH_TEST)
        gl.enable(gl.BLEND)
        gl.blend_func, gl.blend_equation = (gl.ONE, gl.ONE), gl.MAX
        for slope, top_m, channel, _ in LAMPS:
            _put(self.caster, slope=(*slope, 0.0), top=top_m, channel=channel)
            for each in buffers:
                self._person(self.caster, each, cloth_only=True).render()
        gl.blend_equation = gl.FUNC_ADD
        gl.disable(gl.BLEND)
        gl.enable(gl.DEPTH_TEST)
        cast = np.frombuffer(self.cast.read(components=3, alignment=1), np.uint8).reshape(SHADOW_PX, SHADOW_PX, 3)
        soft = np.zeros_like(cast)
        for _, _, channel, blur in LAMPS:
            k = int(np.argmax(channel))
            soft[..., k] = cv2.GaussianBlur(cast[..., k], (0, 0), blur)
        self.shadow.write(soft.tobytes(), alignment=1)

    def _draw_colour(self, figures: Sequence[Figure], buffers: list[Buffers]) -> None:
        gl = self.gl
        gl.copy_framebuffer(self.full, self.empty)
        self.full.use()
        self.shadow.use(0)
        self.cloth.use(1)
        _put(self.person, cloth=1)
        gl.enable(gl.BLEND)
        gl.blend_func = gl.DST_COLOR, gl.ZERO
        gl.depth_func = "<="
        self._room(self.floor, floor_only=True).render()
        gl.disable(gl.BLEND)
        gl.enable(gl.CULL_FACE)
        # The nearest first: what they hide is then never shaded.
        order = np.argsort([np.hypot(f.x_m - self.camera.x_m, f.y_m - self.camera.y_m) for f in figures])
        for k in order:
            figure, each = figures[k], buffers[k]
            style = figure.style
            _put(self.person, palette=style.palette(), accent=style.accent, pattern=style.pattern, seed=style.seed)
            self._person(self.person, each).render()
        gl.disable(gl.CULL_FACE)
        gl.copy_framebuffer(self.flat, self.full)

    def _draw_marks(self, buffers: list[Buffers]) -> np.ndarray:
        self.marks.use()
        self.marks.clear()
        _put(self.cover, mark=0.0)
        self._room(self.cover).render()
        for k, each in enumerate(buffers):
            _put(self.marker, mark=(k + 1) / 255.0)
            self._person(self.marker, each).render()
        marks = np.frombuffer(self.marks.read(components=1, alignment=1), np.uint8)
        return marks.reshape(self.camera.height_px, self.camera.width_px)[::-1].copy()


def stand(figure: Figure) -> tuple[Floats, Floats]:
    """World vertices and normals (V, 3) of a figure."""
    points, normals = skinned(figure.body, rotations(figure.body, figure.pose))
    turned = normals @ heading_matrix(figure.heading_rad).T
    return placed(points, figure.x_m, figure.y_m, figure.heading_rad), turned


def cloth_noise() -> np.ndarray:
    """(N, N, N, 4) uint8 that repeats: slopes of smooth noise in the first three channels, the noise in the last."""
    white = np.random.default_rng(1).standard_normal((CLOTH_N,) * 3)
    waves = np.fft.fftfreq(CLOTH_N, 1 / CLOTH_N)
    size = np.sqrt(sum(axis**2 for axis in np.meshgrid(waves, waves, waves, indexing="ij")))
    band = np.where(size > 0, np.exp(-((size / 14.0) ** 2)) / np.maximum(size, 3.0), 0.0)
    smooth = np.fft.ifftn(np.fft.fftn(white) * band).real
    smooth /= smooth.std()
    # The texture's first axis in memory is z, its last x.
    slopes = [np.roll(smooth, -1, axis) - np.roll(smooth, 1, axis) for axis in (2, 1, 0)]
    channels = [0.5 + 0.22 * s / np.std(s) for s in slopes] + [0.5 + 0.2 * smooth]
    return (np.clip(np.stack(channels, -1), 0, 1) * 255).astype(np.uint8)


def box_of(camera: Camera, points: Floats) -> tuple[float, float, float, float]:
    """The picture's box of world points; nan where any is behind the camera."""
    pixels = camera.project(points)
    return (*pixels.min(0), *pixels.max(0))


def _target(gl: Any, size: tuple[int, int], components: int, samples: int) -> Any:
    colour = gl.renderbuffer(size, components, samples=samples)
    return gl.framebuffer([colour], gl.depth_renderbuffer(size, samples=samples))


def _put(program: Any, **values: Any) -> None:
    """Sets uniforms; one that the GLSL compiler dropped as unused is left out."""
    for name, value in values.items():
        if name not in program:
            continue
        if isinstance(value, bytes):
            program[name].write(value)
        else:
            program[name].value = value
