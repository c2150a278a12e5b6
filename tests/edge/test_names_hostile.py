"""Names that are paths, topics or markup (fault F46): ids are plain, or refused; nothing leaves the folder."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from edge import paths
from edge.config import ConfigError, load_site
from edge.messages import box_topic, camera_health_topic, line_state_topic, queue_state_topic

CORPUS = (
    "../../etc/x", "/etc/x", "~", "a/b", "..", ".", "", "a\\b", "a\0b", "a\nb", "a\n", "CON", "x" * 300, "a+", "#", "+",
    "$SYS", "a b", "\U0001f600", "\u202eabc", "\u00e9", "\uff41", "<img src=x onerror=alert(1)>", "${HOME}", "%2e%2e",
)  # fmt: skip
PLACES = ("site", "box", "camera", "queue", "line")
SITE = """
[site]
id = {site}
name = "S"
timezone = "UTC"
box = {box}

[[camera]]
id = {camera}
source = "test://"

[[queue]]
id = {queue}
name = "Q"

[[queue.lane]]
camera = {camera}
area = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.9], [0.2, 0.9]]

[[line]]
id = {line}
camera = {camera}
points = [[0.0, 0.5], [1.0, 0.5]]
"""


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEWISE_STATE", str(tmp_path / "state"))


def check(folder: Path, place: str, name: str) -> None:
    """A site with that name in one place is refused in words, or harms nothing."""
    names = {p: json.dumps(name if p == place else "ok") for p in PLACES}
    file = folder / "site.toml"
    file.write_bytes(SITE.format(**names).encode("utf-8", "surrogatepass"))
    try:
        site = load_site(file, {})
    except ConfigError:
        return
    topics = [
        queue_state_topic(site.id, site.queues[0].id),
        camera_health_topic(site.id, site.cameras[0].id),
        line_state_topic(site.id, site.lines[0].id),
        box_topic(site.id, site.box, "rows"),
    ]
    for topic in topics:
        assert topic.count("/") == 4
        assert topic.isascii()
        assert topic.isprintable()
        assert not set("+#$ ") & set(topic)
    state = paths.state_dir(site.id)
    assert state.resolve().parent == (folder / "state").resolve()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", CORPUS, ids=range(len(CORPUS)))
def test_names_that_are_something_else_are_refused(tmp_path: Path, place: str, name: str) -> None:
    """Paths, patterns of topics, markup and names without end are refused as ids, or are nothing but a name."""
    check(tmp_path, place, name)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PLACES), st.text(max_size=45))
@example("site", "a" * 40)
def test_any_name_is_plain_or_refused(tmp_path: Path, place: str, name: str) -> None:
    """Whatever stands for an id, topics keep their levels and files stay in the state folder."""
    check(tmp_path, place, name)
