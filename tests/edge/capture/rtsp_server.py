"""A camera for tests: H.264 over RTSP on loopback, in a process of its own so that it can be killed and frozen.

Prints "ready PORT" when it serves. With --user and --password it asks for them (Basic).
"""

import argparse
import sys

from edge.capture.gst_library import load_gi


def main() -> None:
    """Serves rtsp://127.0.0.1:PORT/cam until it is killed."""
    options = argparse.ArgumentParser()
    options.add_argument("--port", default="0")
    options.add_argument("--width", type=int, default=320)
    options.add_argument("--height", type=int, default=240)
    options.add_argument("--fps", type=int, default=15)
    options.add_argument("--pattern", default="ball")
    options.add_argument(
        "--broken", type=float, default=0.0, help="share of the coded bytes that are broken on the way"
    )
    options.add_argument("--user")
    options.add_argument("--password")
    args = options.parse_args()
    gi = load_gi()
    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(args.port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f"( videotestsrc is-live=true pattern={args.pattern} ! video/x-raw,width={args.width},height={args.height},"
        f"framerate={args.fps}/1 ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max={args.fps} ! "
        f"breakmydata probability={args.broken} skip=4000 seed=1 ! rtph264pay name=pay0 pt=96 )"
    )
    factory.set_shared(True)
    if args.user:
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth = GstRtspServer.RTSPAuth()
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


if __name__ == "__main__":
    main()
