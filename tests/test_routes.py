"""Every route has an access rule, and what is promised of all routes holds."""

import pytest

# Every route with who may ask: a new one is red until it stands here.
ROUTES = """
signed_in    GET       /
patient_api  PUT       /api/v1/sync/<uuid:write_id>
patient_api  GET       /api/v1/sync/days
patient      GET       /check-in
patient      POST      /check-in
patient      GET       /check-ins
patient      GET       /arrival
patient      POST      /arrival
patient      GET       /intention
patient      POST      /intention
public       GET       /shell/arrival
public       GET       /shell/check-in
public       GET       /shell/intention
patient      GET       /own-scores
patient      POST      /own-scores
patient      POST      /own-scores/<uuid:symptom_id>
patient      POST      /own-scores/<uuid:symptom_id>/retirement
patient      POST      /own-scores/<uuid:symptom_id>/return
patient      GET       /word
patient      POST      /word
public       GET       /shell/word
staff        GET       /patients/<uuid:patient_uuid>/check-ins
admin        GET       /clinic
clinician    GET       /break-glass
clinician    POST      /break-glass
public       GET       /code
public       POST      /code
public       GET       /codes/<token>
public       POST      /codes/<token>
admin        GET       /clinic/people/<uuid:person_id>
admin        POST      /clinic/people/<uuid:person_id>/patient/end
admin        POST      /clinic/people/<uuid:person_id>/roles
admin        POST      /clinic/people/<uuid:person_id>/staff/end
admin        POST      /clinic/retention
admin        POST      /clinic/second-factor
signed_in    POST      /invitations/<token>/joining
signed_in    GET       /erase
signed_in    POST      /erase
public       GET       /erased
signed_in    POST      /notices/<uuid:notice_id>/seen
staff        GET       /patients/new
staff        POST      /patients/new
team         POST      /people/<uuid:person_id>/codes
team         GET       /people/<uuid:person_id>/phones
team         POST      /people/<uuid:person_id>/phones/end
patient      GET       /sharing
patient      POST      /sharing/<uuid:person_id>/consents
patient      POST      /sharing/<uuid:person_id>/consents/end
patient      POST      /sharing/covers/<uuid:link_id>/agreement
patient      POST      /sharing/covers/<uuid:link_id>/agreement/end
team         POST      /waiting/<uuid:invitation_id>/again
team         POST      /waiting/<uuid:invitation_id>/end
signed_in    POST      /working-as
admin        POST      /clinic/asked
admin        POST      /clinic/care-links
admin        POST      /clinic/care-links/<uuid:link_id>/end
admin        POST      /clinic/check-ins
admin        POST      /clinic/contacts
admin        POST      /clinic/course-gap
admin        POST      /clinic/factors
admin        POST      /clinic/invitations
admin        POST      /clinic/people/<uuid:person_id>/confirmation
admin        GET       /clinic/audit
admin        GET       /clinic/audit.csv
admin        GET       /clinic/reminders
patient      POST      /commitments/<uuid:commitment_id>/days/<day:day>
patient      GET POST  /days/<day:day>
patient      GET POST  /days/<day:day>/more
team         GET       /flags
team         GET       /flags/<uuid:flag_id>
team         POST      /flags/<uuid:flag_id>/acknowledgement
team         POST      /flags/<uuid:flag_id>/closing
team         POST      /flags/<uuid:flag_id>/owner
team         POST      /flags/<uuid:flag_id>/reopening
patient      GET       /goals
patient      POST      /goals
patient      POST      /goals/<uuid:goal_id>
patient      POST      /goals/<uuid:goal_id>/end
public       GET       /healthz
public       GET       /help
patient      GET       /infusions
patient      GET       /infusions/<uuid:infusion_id>
public       GET       /install
public       GET       /invitations/<token>
public       POST      /invitations/<token>
public       POST      /invitations/<token>/challenge
public       GET       /manifest.webmanifest
patient      GET       /medications
patient      GET       /medications/<uuid:medication_id>/change
patient      POST      /medications/<uuid:medication_id>/change
patient      POST      /medications/<uuid:medication_id>/doses
patient      GET       /medications/<uuid:medication_id>/end
patient      POST      /medications/<uuid:medication_id>/end
patient      GET       /medications/new
patient      POST      /medications/new
signed_in    GET       /more
signed_in    GET       /passphrase
signed_in    POST      /passphrase
staff        GET       /patients
staff        GET       /patients/<uuid:patient_uuid>
staff        POST      /patients/<uuid:patient_uuid>/goals
clinician    GET       /patients/<uuid:patient_uuid>/courses/new
clinician    POST      /patients/<uuid:patient_uuid>/courses/new
staff        GET       /patients/<uuid:patient_uuid>/infusions
staff        GET       /patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>
clinician    POST      /patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/arrival
clinician    POST      /patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/cancellation
clinician    POST      /patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/completion
clinician    GET       /patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/edit
clinician    POST      /patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/edit
clinician    POST      /patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/gap
clinician    POST      /patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/move
clinician    POST      /patients/<uuid:patient_uuid>/gaps/<uuid:gap_id>/end
staff        GET       /patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/text
clinician    GET       /patients/<uuid:patient_uuid>/infusions/new
clinician    POST      /patients/<uuid:patient_uuid>/infusions/new
staff        GET       /patients/<uuid:patient_uuid>/medications
clinician    GET       /patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/change
clinician    POST      /patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/change
clinician    POST      /patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/confirmation
clinician    GET       /patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/edit
clinician    POST      /patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/edit
clinician    GET       /patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/end
clinician    POST      /patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/end
clinician    POST      /patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/removal
clinician    GET       /patients/<uuid:patient_uuid>/medications/new
clinician    POST      /patients/<uuid:patient_uuid>/medications/new
staff        GET       /patients/<uuid:patient_uuid>/prep
staff        GET       /patients/<uuid:patient_uuid>/prep.pdf
staff        GET       /patients/<uuid:patient_uuid>/prep/text
staff        GET       /patients/<uuid:patient_uuid>/report.pdf
staff        GET       /patients/<uuid:patient_uuid>/reports
staff        GET       /patients/<uuid:patient_uuid>/response
staff        GET       /patients/<uuid:patient_uuid>/sessions
staff        GET       /patients/<uuid:patient_uuid>/sessions/<uuid:session_id>
staff        POST      /patients/<uuid:patient_uuid>/sessions/<uuid:session_id>
staff        POST      /patients/<uuid:patient_uuid>/sessions/<uuid:session_id>/cancellation
staff        GET       /patients/<uuid:patient_uuid>/sessions/<uuid:session_id>/print
staff        GET       /patients/<uuid:patient_uuid>/sessions/<uuid:session_id>/text
staff        GET       /patients/<uuid:patient_uuid>/sessions/new
staff        POST      /patients/<uuid:patient_uuid>/sessions/new
public       GET       /readyz
patient      GET       /report
patient      GET       /report.pdf
patient      GET       /sessions
signed_in    POST      /sessions/end-all
entering     POST      /authenticator
entering     GET       /authenticator
entering     POST      /authenticator/new
signed_in    POST      /authenticator/removal
signed_in    POST      /devices/<uuid:device_id>/end
signed_in    GET       /email
signed_in    POST      /email
public       GET       /forgotten
public       POST      /forgotten
public       GET       /new-email/<token>
public       POST      /new-email/<token>
entering     POST      /passkeys
entering     POST      /passkeys/challenge
signed_in    POST      /passkeys/<uuid:passkey_id>/name
signed_in    POST      /passkeys/<uuid:passkey_id>/removal
signed_in    GET       /prove
signed_in    POST      /prove
signed_in    POST      /prove/challenge
signed_in    POST      /prove/passkey
signed_in    POST      /recovery-codes
public       GET       /reset/<token>
public       POST      /reset/<token>
half_in      GET       /second-factor
half_in      POST      /second-factor
half_in      POST      /second-factor/challenge
half_in      GET       /second-factor/new
half_in      POST      /second-factor/passkey
public       POST      /sign-in/challenge
public       POST      /sign-in/passkey
signed_in    GET       /signing-in
public       GET       /shell/day
public       GET       /shell/extras
public       GET       /shell/help
public       GET       /shell/kept
public       GET       /shell/more
public       GET       /sign-in
public       POST      /sign-in
entering     POST      /sign-out
none         GET       /static/<path:filename>
patient      GET       /story
public       GET       /sw.js
signed_in    GET       /open/<uuid:delivery_id>
by_link      GET       /unsubscribe/<token>
by_link      POST      /unsubscribe/<token>
by_link      GET       /calendar/<token>.ics
patient      GET       /reminders/calendar
patient      POST      /reminders/calendar
patient      POST      /reminders/calendar/end
development  GET       /dev/mail
development  GET       /dev/mail/<token>
development  GET       /dev/mail/<token>/html
patient      GET       /today
patient      POST      /today
patient      GET       /reminders
patient      POST      /reminders
patient      POST      /reminders/pause
patient      POST      /reminders/pause/end
patient      GET       /reminders/later/<uuid:message_id>
patient      POST      /reminders/later/<uuid:message_id>
patient      GET       /reminders/test
patient      POST      /reminders/test
patient      GET       /reminders/phone
patient      POST      /reminders/phones/<uuid:phone_id>/end
patient      GET       /reminders/zone
patient      POST      /reminders/zone
public       GET       /shell/reminders
patient      GET       /who-looked
ever_patient GET       /copy
ever_patient POST      /copy
ever_patient GET       /copy/<uuid:copy_id>
patient_api  PUT       /api/v1/reminders/phone
patient_api  POST      /api/v1/reminders/phone/check
patient_api  POST      /api/v1/reminders/phone/end
patient_api  POST      /api/v1/reminders/receipts
patient_api  POST      /api/v1/reminders/answers
"""


def routes(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def line_of(app, rule) -> str:
    access = getattr(app.view_functions[rule.endpoint], "access", "none")
    return f"{access:<13}{' '.join(sorted(rule.methods - {'HEAD', 'OPTIONS'})):<10}{rule.rule}"


def test_the_routes_are_those_listed_with_their_access_rule(the_app):
    found = {line_of(the_app, rule) for rule in the_app.url_map.iter_rules()}
    listed = set(ROUTES.strip().splitlines())
    assert not found - listed, "routes that are not listed"
    assert not listed - found, "listed, but no routes"


def test_only_files_have_no_access_rule(the_app):
    assert [
        rule.rule for rule in the_app.url_map.iter_rules() if line_of(the_app, rule).startswith("none")
    ] == ["/static/<path:filename>"]


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


@pytest.mark.parametrize("path", ["/sign-in", "/today", "/no-such-page", "/static/css/no-such.css"])
def test_security_headers(client_as, path):
    headers = client_as("alice").get(path).headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert len(headers["X-Request-Id"]) == 16


def test_a_file_has_the_headers_that_concern_files(client_as):
    headers = client_as("alice").get("/static/css/app.css").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Vary" not in headers and "Set-Cookie" not in headers  # the same bytes for everybody


def test_no_cookie_unless_the_session_changed(client_as):
    client = client_as("alice")
    client.get("/more")
    assert "Set-Cookie" not in client.get("/more").headers


def test_health_and_readiness(client_as):
    nobody = client_as()
    assert nobody.get("/healthz").data == b"ok\n"
    assert nobody.get("/readyz").data == b"ready\n"
