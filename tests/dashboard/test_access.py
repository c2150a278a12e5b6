"""Whom an OpenID Connect provider names, and what its file must have."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dashboard.access import OIDC_KEYS, require_provider, settings_from_json, settings_to_json, visitor
from edge.errors import InputError
from edge.settings import DashboardSettings

OIDC = DashboardSettings(
    login="oidc", oidc_file="x", viewers=("bo@example.org", "staff"), installers=("anna@example.org",)
)
GROUPS = replace(OIDC, groups_claim="realm_access.roles", installers=("queue-admins",))
ANNA, EVE = {"email": "anna@example.org"}, {"email": "eve@example.org"}


@pytest.mark.parametrize(
    ("settings", "claims", "role"),
    [
        (OIDC, None, None),
        (OIDC, {}, None),
        (OIDC, {"email": " "}, None),
        (OIDC, {"email": ["anna@example.org"]}, None),
        (OIDC, ANNA, "installer"),
        (OIDC, {"email": "Anna@Example.ORG", "email_verified": True}, "installer"),
        (OIDC, {**ANNA, "email_verified": False}, None),
        (OIDC, {**ANNA, "email_verified": "false"}, None),
        (OIDC, {"sub": "anna@example.org", "preferred_username": "anna@example.org"}, None),
        (OIDC, {**EVE, "preferred_username": "anna@example.org", "name": "staff", "groups": ["staff"]}, None),
        (OIDC, {"email": "bo@example.org"}, "viewer"),
        (replace(OIDC, viewers=()), EVE, "viewer"),
        (replace(OIDC, viewers=()), {**EVE, "email_verified": False}, None),
        (replace(OIDC, user_claim="preferred_username"), {"preferred_username": "staff", **EVE}, "viewer"),
        (replace(OIDC, user_claim="preferred_username"), ANNA, None),
        (GROUPS, {**EVE, "realm_access": {"roles": ["x", "Queue-Admins"]}}, "installer"),
        (GROUPS, {**EVE, "realm_access": {"roles": "staff"}}, "viewer"),
        (GROUPS, {**EVE, "realm_access": {"roles": [["queue-admins"], 7, None]}}, None),
        (GROUPS, {**EVE, "realm_access": "queue-admins"}, None),
        (GROUPS, {**EVE, "realm_access.roles": ["queue-admins"]}, None),
        (GROUPS, {**EVE, "email_verified": False, "realm_access": {"roles": ["queue-admins"]}}, None),
    ],
)
def test_whom_the_provider_names(settings: DashboardSettings, claims: dict[str, Any] | None, role: str | None) -> None:
    """Only the claim that the site file names counts, an address only if verified, groups only where asked for."""
    who = visitor(settings, {"X-Forwarded-User": "anna@example.org"}, "10.0.0.9", claims)
    assert who.role == role
    assert (who.why == "") == (role is not None)
    assert settings_from_json(settings_to_json(settings)) == settings


def test_what_the_providers_file_must_have(tmp_path: Path) -> None:
    """Everything that is missing is named at once, and no secret of the file is in any word."""
    file = tmp_path / "login.toml"
    values = dict.fromkeys(OIDC_KEYS, "S3CR3T") | {"redirect_uri": "https://q.example/oauth2callback"}

    def written(found: dict[str, str]) -> str:
        file.write_text("[auth]\n" + "".join(f'{k} = "{v}"\n' for k, v in found.items()), encoding="utf-8")
        return str(file)

    require_provider(written(values))
    broken = {
        "there is no file": str(tmp_path / "no"),
        "can't be read": str(tmp_path),
        "no cookie_secret, client_id": written(
            {k: v for k, v in values.items() if k not in ("cookie_secret", "client_id")}
        ),
    }
    for said, path in broken.items():
        with pytest.raises(InputError, match=said):
            require_provider(path)
    with pytest.raises(InputError, match="/oauth2callback behind it") as caught:
        require_provider(written(values | {"redirect_uri": "https://S3CR3T.example/"}))
    assert "S3CR3T" not in str(caught.value)
    file.write_text("client_secret = S3CR3T", encoding="utf-8")
    with pytest.raises(InputError, match="not TOML") as caught:
        require_provider(str(file))
    assert "S3CR3T" not in str(caught.value)
