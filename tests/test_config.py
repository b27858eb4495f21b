"""Production refuses to start without strong keys; development makes its own once."""

import re
import stat

import pytest

from diary import config

GOOD = {
    "NEAP_ENV": "production",
    "SECRET_KEY": "kq2Vv0x8Jp4mN7sT1yB6wC3zR5uE9aDf",
    "DATA_KEY": "Zx81mPq0LwVn4sTt7yBgKc2RjU5eHoAd",
    "PUBLIC_URL": "https://neap.example.org",
}


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATA_KEY", "PUBLIC_URL"])
def test_production_needs_its_keys(tmp_path, name):
    with pytest.raises(config.Misconfigured, match=name):
        config.load({**GOOD, "DATA_DIR": str(tmp_path), name: ""})


@pytest.mark.parametrize("weak", ["short", "a" * 64, "abcabcabcabcabcabcabcabcabcabcabcabc"])
def test_production_refuses_weak_keys(tmp_path, weak):
    with pytest.raises(config.Misconfigured, match="too weak"):
        config.load({**GOOD, "DATA_DIR": str(tmp_path), "SECRET_KEY": weak})


@pytest.mark.parametrize(
    "url", ["http://neap.example.org", "neap.example.org", "https://neap.example.org/app"]
)
def test_plain_http_is_for_this_machine_only(tmp_path, url):
    with pytest.raises(config.Misconfigured, match="PUBLIC_URL"):
        config.load({**GOOD, "DATA_DIR": str(tmp_path), "PUBLIC_URL": url})


def test_development_makes_keys_once_and_keeps_them_to_itself(tmp_path):
    first = config.load({"DATA_DIR": str(tmp_path)})
    again = config.load({"DATA_DIR": str(tmp_path)})
    assert first.secret_key == again.secret_key != first.data_key
    for path in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert config.load({"DATA_DIR": str(tmp_path / "other")}).secret_key != first.secret_key


def test_the_cookie_follows_the_public_url(tmp_path):
    from diary import create_app

    over_tls = create_app({**GOOD, "DATA_DIR": str(tmp_path), "LOG_LEVEL": "critical"})
    assert over_tls.config["SESSION_COOKIE_NAME"] == "__Host-neap"
    assert over_tls.config["SESSION_COOKIE_SECURE"] is True
    plain = create_app({"DATA_DIR": str(tmp_path), "LOG_LEVEL": "critical"})
    assert (plain.config["SESSION_COOKIE_NAME"], plain.config["SESSION_COOKIE_SECURE"]) == ("neap", False)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("HTTPS://Neap.Example.org/", "https://neap.example.org"),
        ("https://neap.example.org:443", "https://neap.example.org"),
        ("https://neap.example.org:8443", "https://neap.example.org:8443"),
    ],
)
def test_the_public_url_is_spelt_as_browsers_do(tmp_path, typed, kept):
    found = config.load({**GOOD, "DATA_DIR": str(tmp_path), "PUBLIC_URL": typed})
    assert found.public_url == kept and found.https


@pytest.mark.parametrize(
    "url", ["https://h.example?x", "https://u:p@h.example", "https://h.example:xyz", "https://"]
)
def test_a_public_url_is_scheme_and_host_only(tmp_path, url):
    with pytest.raises(config.Misconfigured, match="PUBLIC_URL"):
        config.load({**GOOD, "DATA_DIR": str(tmp_path), "PUBLIC_URL": url})


def test_a_key_that_repeats_itself_is_weak_and_two_equal_keys_are_one(tmp_path):
    with pytest.raises(config.Misconfigured, match="too weak"):
        config.load({**GOOD, "DATA_DIR": str(tmp_path), "DATA_KEY": "0123456789" * 4})
    with pytest.raises(config.Misconfigured, match="fallbacks"):
        config.load({**GOOD, "DATA_DIR": str(tmp_path), "SECRET_KEY_FALLBACKS": "old"})
    with pytest.raises(config.Misconfigured, match="the same"):
        config.load({**GOOD, "DATA_DIR": str(tmp_path), "DATA_KEY": GOOD["SECRET_KEY"]})


# Mail and push ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org:2525", config.Smtp("mail.example.org", 2525)),
        ("smtp://mail.example.org", config.Smtp("mail.example.org", 587)),
        ("smtps://mail.example.org", config.Smtp("mail.example.org", 465, is_tls=True)),
        ("smtp://neap%40example.org:p%3Aa%2Fss@mail.example.org:25", config.Smtp("mail.example.org", 25, "neap@example.org", "p:a/ss")),
        ("smtp://[::1]:25/", config.Smtp("::1", 25)),
    ],
)  # fmt: skip
def test_where_mail_goes(tmp_path, url, server):
    assert config.load({"DATA_DIR": str(tmp_path), "SMTP_URL": url}).smtp == server


@pytest.mark.parametrize(
    "url", ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://h:0x", "smtp://h:99999", "smtp://h/path", "smtp://h?x=1"]
)  # fmt: skip
def test_an_address_of_no_mail_server_is_refused(tmp_path, url):
    with pytest.raises(config.Misconfigured, match="SMTP_URL"):
        config.load({"DATA_DIR": str(tmp_path), "SMTP_URL": url})


def test_who_mails_come_from(tmp_path):
    def sender(**more):
        return str(config.load({"DATA_DIR": str(tmp_path), **more}).mail_from)

    assert sender() == "Neap <neap@localhost>"
    assert sender(PUBLIC_URL="https://neap.example.org") == "Neap <neap@neap.example.org>"
    assert sender(MAIL_FROM="hello@example.org") == "Neap <hello@example.org>"
    assert sender(MAIL_FROM="Harbour Clinic <hello@example.org>") == "Harbour Clinic <hello@example.org>"
    for wrong in ("nobody", "a@b.org\nBcc: c@d.org", "a@b@c", "@example.org"):
        with pytest.raises(config.Misconfigured, match="MAIL_FROM"):
            sender(MAIL_FROM=wrong)


def test_a_vapid_key_is_made_once_in_development_and_never_in_production(tmp_path):
    first, again = (config.load({"DATA_DIR": str(tmp_path)}).vapid_key for _ in range(2))
    assert first == again and len(first) == 43
    assert stat.S_IMODE((tmp_path / "keys" / "vapid_private_key").stat().st_mode) == 0o600
    bare = config.load({**GOOD, "DATA_DIR": str(tmp_path / "other")})
    assert bare.vapid_key == "" and not (tmp_path / "other").exists()
    for wrong in ("short", "x" * 64, "ü" * 43, "-----BEGIN PRIVATE KEY-----"):
        with pytest.raises(config.Misconfigured, match="VAPID_PRIVATE_KEY"):
            config.load({**GOOD, "DATA_DIR": str(tmp_path), "VAPID_PRIVATE_KEY": wrong})


def test_every_variable_of_the_environment_stands_in_the_readmes_table():
    source = (config.ROOT / "diary" / "config.py").read_text()
    named = set(re.findall(r'env(?:, |\.get\()"([A-Z_]{4,})"', source))
    table = (config.ROOT / "README.md").read_text().split("## Environment")[1].split("\n## ")[0]
    assert len(named) > 12 and [name for name in sorted(named) if f"`{name}`" not in table] == []


# Keys from files ----------------------------------------------------------------------------------


def test_a_secret_may_come_from_a_file(tmp_path):
    (tmp_path / "key").write_text(GOOD["DATA_KEY"] + "\n")
    (tmp_path / "older").write_text(
        "one-older-data-key-of-many-characters,another-older-data-key-of-characters\n"
    )
    given = {
        **GOOD, "DATA_DIR": str(tmp_path), "DATA_KEY": "", "DATA_KEY_FILE": str(tmp_path / "key"),
        "DATA_KEY_FALLBACKS_FILE": str(tmp_path / "older"),
    }  # fmt: skip
    found = config.load(given)
    assert found.data_key == GOOD["DATA_KEY"] and len(found.data_key_fallbacks) == 2
    for wrong, words in (
        ({"DATA_KEY": GOOD["DATA_KEY"]}, "both set"),
        ({"DATA_KEY_FILE": str(tmp_path / "no")}, "can't be read"),
    ):
        with pytest.raises(config.Misconfigured, match=words):
            config.load(given | wrong)
    (tmp_path / "key").write_text("\n")
    with pytest.raises(config.Misconfigured, match="is empty"):
        config.load(given)


def test_who_is_signed_in_stays_so_with_another_secret_key(app, client_as):
    before, fallbacks = app.config["SECRET_KEY"], app.config["SECRET_KEY_FALLBACKS"]
    alice = client_as("alice")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', alice.get("/today").text)[1]
    try:
        app.config.update(SECRET_KEY="a-new-secret-key-of-many-characters-1", SECRET_KEY_FALLBACKS=[before])
        refused = alice.http.post(
            "/today",
            data={"csrf_token": token, "pain": "4", "note": "Kept as typed"},
            headers={"Origin": "http://localhost"},
        )
        assert refused.status_code == 403 and "Kept as typed" in refused.text, "a form that was open then"
        assert alice.get("/today").status == 200
        app.config.update(SECRET_KEY="a-third-secret-key-of-many-characters", SECRET_KEY_FALLBACKS=[])
        assert alice.get("/today").status == 303
    finally:
        app.config.update(SECRET_KEY=before, SECRET_KEY_FALLBACKS=fallbacks)
