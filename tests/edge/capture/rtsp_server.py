"""A camera for tests: H.264 over RTSP on loopback, in a process of its own so that it can be killed and frozen.

Prints "ready PORT" when it serves. With --user and --password it asks for them (Basic).
"""

import argparse
import sys
from typing import Any

from edge.capture.gst_library import load_gi

LENSES = {  # what covers or blinds one, for videobalance
    "covered": {"contrast": 0.02, "saturation": 0.0},  # a hand, a sticker: one grey with next to nothing in it
    "burnt out": {"brightness": 0.95, "contrast": 0.1, "saturation": 0.0},
    "dark": {"brightness": -0.45, "contrast": 0.05, "saturation": 0.0},
}


def asked() -> argparse.Namespace:
    """The options."""
    options = argparse.ArgumentParser()
    options.add_argument("--port", default="0")
    options.add_argument("--width", type=int, default=320)
    options.add_argument("--height", type=int, default=240)
    options.add_argument("--fps", type=int, default=15)
    options.add_argument("--pattern", default="ball")
    options.add_argument(
        "--broken", type=float, default=0.0, help="share of the coded bytes that are broken on the way"
    )
    options.add_argument("--film", help="H.264 elementary stream without B pictures, sent over and over; no encoder")
    options.add_argument("--then-after-s", type=float, help="so long after the start, the picture is --then")
    options.add_argument("--then", help="a pattern (checkers-8 stands still, black, ...), blurred or dimmed")
    options.add_argument("--lost", type=float, default=0.0, help="share of the RTP packets that never arrive")
    options.add_argument("--certificate", help="PEM with its key: rtsps://; needs --user")
    options.add_argument("--user")
    options.add_argument("--password")
    return options.parse_args()


def main() -> None:
    """Serves rtsp://127.0.0.1:PORT/cam until it is killed."""
    args = asked()
    gi = load_gi()
    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import Gio, GLib, Gst, GstRtspServer

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(args.port)
    factory = GstRtspServer.RTSPMediaFactory()
    pictures = (
        f"videotestsrc name=pictures is-live=true pattern={args.pattern} ! "
        f"video/x-raw,width={args.width},height={args.height},framerate={args.fps}/1 ! "
        "videobalance name=lens ! "
        f"x264enc tune=zerolatency speed-preset=ultrafast key-int-max={args.fps} ! "
        f"breakmydata probability={args.broken} skip=4000 seed=1"
    )
    if args.film:
        pictures = f"multifilesrc location={args.film} loop=true ! h264parse name=film"
    factory.set_launch(
        f"( {pictures} ! rtph264pay pt=96 ! netsim drop-probability={args.lost} name=pay0 )"
        if args.lost
        else f"( {pictures} ! rtph264pay name=pay0 pt=96 )"
    )
    factory.set_shared(True)
    if args.film:
        factory.connect("media-configure", lambda _, media: timed(media.get_element().get_by_name("film"), Gst))
    if args.then:
        after_ms = int(1000 * args.then_after_s)
        factory.connect("media-configure", lambda _, media: GLib.timeout_add(after_ms, change, media, args.then))
    if args.user:
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth = GstRtspServer.RTSPAuth()
        if args.certificate:
            auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(args.certificate))
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(args.user, args.password), token)
        server.set_auth(auth)
        factory.add_role_from_structure(
            Gst.Structure.new_from_string(
                "viewer, media.factory.access=(boolean)true, media.factory.construct=(boolean)true"
            )
        )
    server.get_mount_points().add_factory("/cam", factory)
    if server.attach(None) == 0:
        sys.exit(f"port {args.port} is taken")
    print("ready", server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


def change(media: Any, then: str) -> None:
    """Another pattern, or another lens before the same one."""
    if then not in LENSES:
        media.get_element().get_by_name("pictures").set_property("pattern", then)
    for key, value in LENSES.get(then, {}).items():
        media.get_element().get_by_name("lens").set_property(key, value)


def timed(parser: Any, gst: Any) -> None:
    """Gives each picture of a looped film the time at which it is shown; the parser knows only when it is decoded."""

    def probe(_: Any, info: Any) -> Any:
        buffer = info.get_buffer()
        buffer.pts = buffer.dts
        return gst.PadProbeReturn.OK

    parser.get_static_pad("src").add_probe(gst.PadProbeType.BUFFER, probe)


if __name__ == "__main__":
    main()
