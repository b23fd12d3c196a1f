from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings


def test_every_answer_tells_the_browser_what_it_may_do(client: Client) -> None:
    headers = client.get("/healthz").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_plain_http_is_sent_to_https(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    response = client.get("/admin/")
    assert response.status_code == 301
    assert response.headers["Location"].startswith("https://")
    behind_the_proxy = client.get("/admin/", headers={"X-Forwarded-Proto": "https"})
    assert "max-age=31536000" in behind_the_proxy.headers["Strict-Transport-Security"]


def test_the_load_balancer_may_ask_by_plain_http(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("wish", "language"), [("", "he"), ("he", "he"), ("en", "en"), ("ar", "ar"), ("fr", "he")]
)
@pytest.mark.django_db
def test_the_language_is_hebrew_unless_the_browser_wishes_another(
    client: Client, wish: str, language: str
) -> None:
    response = client.get("/accounts/login/", headers={"Accept-Language": wish})
    assert response.headers["Content-Language"] == language
    assert f'lang="{language}"' in response.content.decode()


def test_a_host_that_is_not_ours_is_refused(client: Client) -> None:
    assert client.get("/admin/", headers={"Host": "evil.example"}).status_code == 400
