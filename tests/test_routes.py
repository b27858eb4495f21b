"""Every route has an access rule, and what is promised of all routes holds."""

import pytest

RULES = {"patient_api", "public", "signed_in", "patient", "staff", "clinician", "admin"}
PUBLIC = {"/sign-in", "/invitations/<token>", "/help", "/healthz", "/readyz"}


def routes(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def test_each_route_has_an_access_rule(the_app):
    for rule in routes(the_app):
        found = getattr(the_app.view_functions[rule.endpoint], "access", None)
        assert found in RULES, f"{rule} has no access rule"
        if found == "public":
            assert rule.rule in PUBLIC, f"{rule} is public"


def test_urls_are_kebab_case_and_typed(the_app):
    for rule in routes(the_app):
        assert rule.rule == rule.rule.lower() or "<" in rule.rule, rule
        for argument in rule.arguments:
            converter = rule._converters[argument].__class__.__name__
            assert argument == "token" or converter != "UnicodeConverter", f"{rule}: {argument} has no type"


def test_nothing_changes_on_get(the_app):
    """A view that answers GET opens no write of its own but for the audit of what it shows."""
    import inspect

    for rule in routes(the_app):
        if "GET" in rule.methods and "POST" not in rule.methods:
            source = inspect.getsource(inspect.unwrap(the_app.view_functions[rule.endpoint]))
            assert "db.write" not in source, rule


@pytest.mark.parametrize("path", ["/sign-in", "/today", "/no-such-page", "/static/css/app.css"])
def test_security_headers(client_as, path):
    headers = client_as("alice").get(path).headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert len(headers["X-Request-Id"]) == 16


def test_no_cookie_unless_the_session_changed(client_as):
    client = client_as("alice")
    client.get("/more")
    assert "Set-Cookie" not in client.get("/more").headers


def test_health_and_readiness(client_as):
    nobody = client_as()
    assert nobody.get("/healthz").data == b"ok\n"
    assert nobody.get("/readyz").data == b"ready\n"
