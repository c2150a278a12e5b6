"""The API's answers, by an application without a socket: figures, unknowns, pages, ETags, who may ask."""

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from sqlite_utils import Database

from dashboard.api.app import api_app
from dashboard.api.gate import require_safe
from dashboard.desk import acknowledge, desk_path
from edge.errors import InputError
from edge.settings import ApiSettings, DashboardSettings
from tests.dashboard.api.conftest import NAMES, NOW_S, Ask, Clock
from tests.dashboard.fill import SITE

PATHS = (
    "/v1/site", "/v1/queues", "/v1/queues/till-1", "/v1/cameras", "/v1/lines", "/v1/alerts", "/v1/accuracy",
    "/v1/queues/till-1/history", "/v1/acris/queue-measurements",
)  # fmt: skip

TOKEN = "tXk2-uQ9aYb7mZpL0"


def bearer(token: str) -> dict[str, bytes]:
    """The header that a program sends."""
    return {"Authorization": f"Bearer {token}".encode()}


def by(answer: Any, what: str, key: str) -> dict[str, Any]:
    return {one[key]: one for one in answer.json()[what]}


def test_queues_now(client: Ask) -> None:
    """In the site file's order, then those that only the store knows; a number where it is known."""
    found = by(client().get("/v1/queues"), "queues", "queue")
    assert list(found)[:4] == ["till-1", "till-4", "till-5", "new"]
    one = found["till-1"]
    assert (one["name"], one["seen"], one["quality"], one["state"]) == ("Till 1", "fresh", "ok", "serving")
    assert one["length"] > 0
    assert one["wait_s"] == 35.0 * one["length"]
    assert one["last_heard"] == "2026-05-28T20:27:00Z"


def test_what_is_not_known_is_null(client: Ask) -> None:
    """A stale queue, one that was never heard and one whose box is silent have no number, neither 0 nor the last."""
    found = by(client().get("/v1/queues"), "queues", "queue")
    for queue, seen in (("till-4", "fresh"), ("new", "never"), ("lift", "silent")):
        assert (found[queue]["seen"], found[queue]["length"], found[queue]["wait_s"]) == (seen, None, None)


def test_one_queue(client: Ask) -> None:
    """The same as in the list; one that the site does not have is 404 with those it has."""
    asker = client()
    assert asker.get("/v1/queues/till-1").json() == asker.get("/v1/queues").json()["queues"][0]
    answer = asker.get("/v1/queues/till-99")
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "no such queue; there are: till-1, till-4, till-5, new",
    )


def test_cameras_and_site(client: Ask) -> None:
    """A broken camera with its words, a box with its missing rows."""
    asker = client()
    broken = by(asker.get("/v1/cameras"), "cameras", "camera")["entrance"]
    assert (broken["state"], broken["detail"], broken["latency_s"]) == ("lost", "connection refused", None)
    site = asker.get("/v1/site").json()
    assert (site["site"], site["name"], site["boxes"][0]["rows_missing"]) == (SITE, "Canteen", 12)


def test_history_comes_in_pages(client: Ask) -> None:
    """Following `next` gives every minute once, in order; an unknown minute has nulls and its counts."""
    asker = client()
    url, slots, pages = "/v1/queues/till-1/history?limit=30", [], 0
    while url:
        answer = asker.get(url).json()
        slots += answer["slots"]
        pages += 1
        url = answer["next"] and "/v1/queues/till-1/history" + answer["next"]
    starts = [slot["start"] for slot in slots]
    assert (len(slots), pages) == (70, 3)
    assert starts == sorted(set(starts))
    assert slots[0]["length_mean"] == 4.0
    assert (slots[-5]["length_mean"], slots[-5]["wait_max_s"], slots[-5]["served"]) == (None, None, 0)


def test_history_of_a_span(client: Ask) -> None:
    """`from` is inside, `to` is not; hours are another table; a wrong question is told what is wrong with it."""
    asker = client()
    span = "from=2026-05-28T20:00:00Z&to=2026-05-28T22:10:00%2B02:00"
    slots = asker.get(f"/v1/queues/till-1/history?{span}").json()["slots"]
    assert (slots[0]["start"], slots[-1]["start"], len(slots)) == ("2026-05-28T20:00:00Z", "2026-05-28T20:09:00Z", 10)
    assert asker.get("/v1/queues/till-1/history?slot=hours").json()["slots"] == []
    for wrong in ("from=yesterday", "from=2026-05-28T20:00:00", "limit=0", "limit=9999", "slot=days"):
        answer = asker.get(f"/v1/queues/till-1/history?{wrong}")
        assert (answer.status_code, answer.json()["detail"][0]["loc"][0]) == (422, "query")


def test_alerts(client: Ask, store: Path) -> None:
    """Open and ended ones, newest first, under the id that webhooks name; who has acknowledged is told."""
    acknowledge(desk_path(store), SITE, ("box-1", "0123456789abcdef", 51), who="Anna", at_s=NOW_S)
    asker = client()
    first, second = asker.get("/v1/alerts").json()["alerts"]
    assert (first["id"], first["condition"], first["ended"]) == (
        f"{SITE}.box-1.0123456789abcdef.51",
        "quality == stale",
        None,
    )
    assert (first["acknowledged_by"], first["acknowledged"]) == ("Anna", "2026-05-28T20:27:00Z")
    assert (second["queue"], second["ended_known"], second["acknowledged_by"]) == ("till-1", True, None)
    assert [len(asker.get(f"/v1/alerts?state={s}").json()["alerts"]) for s in ("open", "ended", "all")] == [1, 1, 2]
    assert asker.get("/v1/alerts?from=2026-05-28T20:25:00Z").json()["alerts"] == []


def test_acris(client: Ask) -> None:
    """Names and units of the standard; what is not known is left out; throughput and real waits come from visits."""
    found = {one["PassengerQueue"]["Identifier"]: one for one in client().get("/v1/acris/queue-measurements").json()}
    one = found["till-1"]
    assert one["PassengerQueue"] == {"Identifier": "till-1", "Name": "Till 1", "QueueStatus": {"Name": "Open"}}
    assert (one["Throughput"], one["WaitTime"]) == (118, 125.0)
    assert one["ProjectedWaitTime"] == 35.0 * one["Occupancy"]
    assert one["MeasurementTimePeriod"] == {"EndTime": "2026-05-28T20:27:00Z"}
    assert found["till-5"]["PassengerQueue"]["QueueStatus"] == {"Name": "Closed"}
    assert "Occupancy" not in found["till-4"]
    assert found["new"] == {"PassengerQueue": {"Identifier": "new", "Name": "New"}}


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_that_the_asker_has_is_not_sent_again(client: Ask, path: str) -> None:
    """The ETag comes back as 304 without a body; another one gets the answer; nothing is kept by proxies."""
    asker = client()
    answer = asker.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"].startswith("private, max-age=")
    again = asker.get(path, headers={"If-None-Match": f'"other", W/{answer.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert asker.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_store_is_read_once_a_second_however_many_ask(client: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty questions at once are one look at the store; another question is another look."""
    looks: list[Path] = []
    from dashboard.api import app as module

    real = module.open_store
    monkeypatch.setattr(module, "open_store", lambda path: (looks.append(path), real(path))[1])
    asker = client()
    assert len({asker.get("/v1/queues/till-1/history").text for _ in range(50)}) == 1
    assert len(looks) == 1
    asker.get("/v1/queues/till-1/history?limit=3")
    assert len(looks) == 2


def test_without_a_store(client: Ask, tmp_path: Path) -> None:
    """503 and words, no traceback; it comes to life when the store does."""
    asker = client(where=tmp_path / "store.sqlite3")
    answer = asker.get("/v1/queues")
    assert answer.status_code == 503
    assert "has a collector run here?" in answer.json()["detail"]
    assert asker.get("/healthz").json() == {"status": "ok"}


def test_nothing_can_be_changed(client: Ask, store: Path) -> None:
    """Only GET and HEAD are answered, and the store is opened for reading alone."""
    asker = client()
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert asker.request(method, "/v1/queues").status_code == 405
    db = Database(store)
    before = [db.table(name).count for name in db.table_names()]
    assert all(asker.get(path).status_code == 200 for path in PATHS)
    assert [db.table(name).count for name in db.table_names()] == before
    db.close()


def test_a_proxy_says_who_asks(client: Ask) -> None:
    """The dashboard's rules: without the header 401, a stranger 403, somebody named gets the answer."""
    access = DashboardSettings(login="proxy", viewers=("anna@example.com",))
    asker = client(access=access)
    told = [asker.get("/v1/queues", headers=h).status_code for h in ({}, {"X-Forwarded-User": "bob@example.com"})]
    assert told == [401, 403]
    assert asker.get("/v1/queues", headers={"X-Forwarded-User": "Anna@example.com"}).status_code == 200
    assert [asker.get(path).status_code for path in ("/openapi.json", "/docs", "/healthz")] == [401, 401, 200]
    elsewhere = client(access=access, address="10.0.0.7")
    assert elsewhere.get("/v1/queues", headers={"X-Forwarded-User": "anna@example.com"}).status_code == 401


@pytest.mark.parametrize("login", ["none", "oidc", "proxy"])
def test_programs_have_a_token(client: Ask, login: str) -> None:
    """With a token in the site file a program asks by it, from anywhere, whatever the login; without it nobody gets a
    figure, and no answer tells the token; a proxy's people come in as before.
    """
    access = DashboardSettings(login=login, viewers=("anna@example.com",))
    asker = client(access=access, token=TOKEN, address="10.0.0.7")
    wrong = [{}, bearer("x" * 20), bearer(""), {"Authorization": TOKEN}, {"Authorization": f"Basic {TOKEN}"}]
    for headers in (*wrong, bearer(f"{TOKEN}\u00e9")):
        for path in PATHS:
            answer = asker.get(path, headers=headers)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
            assert TOKEN not in answer.text
    assert [asker.get(path, headers=bearer(TOKEN)).status_code for path in PATHS] == [200] * len(PATHS)
    known = client(access=access, token=TOKEN).get("/v1/queues", headers={"X-Forwarded-User": "anna@example.com"})
    assert known.status_code == (200 if login == "proxy" else 401)


def test_the_document_tells_of_the_token(client: Ask) -> None:
    """With a token the document asks for one and is shown without it; without one it does not speak of any."""
    told = client(token=TOKEN).get("/openapi.json").json()
    assert told["components"]["securitySchemes"] == {"HTTPBearer": {"type": "http", "scheme": "bearer"}}
    validate(told)
    assert TOKEN not in json.dumps(told)
    assert [client(token=TOKEN).get(path).status_code for path in ("/", "/docs", "/docs/start.js")] == [200] * 3
    assert "securitySchemes" not in client().get("/openapi.json").json()["components"]


def test_rules_that_cannot_be_kept_are_refused() -> None:
    """A proxy's header on an open address, and a login that nobody makes at an API, end the command in words."""
    opened = ApiSettings(address="0.0.0.0")
    require_safe(DashboardSettings(), opened)
    require_safe(DashboardSettings(login="proxy"), ApiSettings())
    require_safe(DashboardSettings(login="oidc"), ApiSettings(token=TOKEN))
    with pytest.raises(InputError, match=r"listen on 127\.0\.0\.1"):
        require_safe(DashboardSettings(login="proxy"), opened)
    with pytest.raises(InputError, match="nobody logs in to the API"):
        require_safe(DashboardSettings(login="oidc"), ApiSettings())


def test_other_pages_may_ask_only_where_the_site_file_says_so(client: Ask) -> None:
    """No CORS by default; an origin that is named, and no other, is let in; another host's name is refused."""
    origin = {"Origin": "https://intranet.example"}
    assert "access-control-allow-origin" not in client().get("/v1/queues", headers=origin).headers
    asker = client(origins=("https://intranet.example",))
    assert asker.get("/v1/queues", headers=origin).headers["access-control-allow-origin"] == origin["Origin"]
    stranger = asker.get("/v1/queues", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in stranger.headers
    assert client().get("/v1/queues", headers={"Host": "evil.example"}).status_code == 400
    asks = origin | {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    allowed = client(origins=("https://intranet.example",), token=TOKEN).request("OPTIONS", "/v1/queues", asks)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, origin["Origin"])


def test_the_openapi_document_is_valid_and_whole(store: Path, clock: Clock) -> None:
    """By the specification's validator; every path has a JSON answer with a schema, and words."""
    document = api_app(NAMES, ApiSettings(), DashboardSettings(), store=store, utc_s=clock).openapi()
    validate(document)
    assert {path.replace("{queue}", "till-1") for path in document["paths"]} == set(PATHS)
    for path, methods in document["paths"].items():
        assert set(methods) == {"get"}, path
        assert methods["get"]["description"]
        assert methods["get"]["responses"]["200"]["content"]["application/json"]["schema"], path


def test_answers_are_by_the_document(client: Ask, store: Path, clock: Clock) -> None:
    """Each answer is valid by the schema that the document gives it."""
    from jsonschema import Draft202012Validator

    document = api_app(NAMES, ApiSettings(), DashboardSettings(), store=store, utc_s=clock).openapi()
    asker = client()
    for path, methods in document["paths"].items():
        schema = methods["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": document["components"]}
        answer = json.loads(asker.get(path.replace("{queue}", "till-1")).text)
        assert not [fault.message for fault in Draft202012Validator(whole).iter_errors(answer)], path


def test_the_page_needs_no_network(client: Ask) -> None:
    """The page of the document names only files of this server, which are there, and the browser is held to that."""
    asker = client()
    page = asker.get("/docs")
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert "http" not in page.text
    for file in ("docs/files/swagger-ui.css", "docs/files/swagger-ui-bundle.js", "docs/start.js"):
        assert f'"{file}"' in page.text
        assert asker.get(f"/{file}").status_code == 200
