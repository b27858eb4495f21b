"""What each action code means in plain words: for a clinic's admin, without words of health, and for the patient."""

from dataclasses import dataclass

LOOKED, TOOK, CHANGED = "looked", "took", "changed"


@dataclass(frozen=True)
class Meaning:
    """One action code in words.

    did, what: for the admin ("looked at", "notes"). yours: for the patient whose diary it is about, after a name
    ("Dr Bob Ansah looked at|your notes"): between bars stands what is said together where several are alike, `{whom}`
    for whom it concerns beside her. Empty: it is never about a patient, or only ever by herself.
    """

    code: str
    group: str
    did: str
    what: str
    yours: str = ""


def _looked(code: str, what: str, yours: str = "") -> Meaning:
    return Meaning(code, LOOKED, "looked at", what, yours and f"looked at|{yours}")


def _took(code: str, did: str, what: str, yours: str = "") -> Meaning:
    return Meaning(code, TOOK, did, what, yours)


def _changed(code: str, did: str, what: str, yours: str = "") -> Meaning:
    return Meaning(code, CHANGED, did, what, yours)


# One line a code. Where a code is put together from a kind, each has a line of its own.
TABLE = (
    # Looking
    _looked("view.scores", "diary answers", "your scores"),
    _looked("view.notes", "shared notes", "the notes you share"),
    _looked("view.infusions", "treatment records", "your infusions and medicines"),
    _looked("view.questionnaires", "questionnaires", "your questionnaires"),
    _looked("view.sessions", "sessions", "your sessions and goals"),
    _looked("view.checkins", "check-ins", "your check-ins"),
    _looked("view.flag", "a flag", "an answer that your clinic was told of"),
    _looked("view.reports", "the list of reports", "which reports were made of your diary"),
    _looked("view.audit", "who looked", "who looked at your diary"),
    _looked("view.caseload", "the list of patients"),
    _looked("view.flags", "the list of flags"),
    _looked("view.people", "the clinic’s people", "your name and address for mail"),
    _looked("view.phones", "a patient’s devices", "on which devices you are signed in"),
    _looked("response.show", "treatment records, at the command line", "what your infusions did"),
    _looked("medications.show", "treatment records, at the command line", "your medicines"),
    _looked("reminders.show", "reminders, at the command line", "your reminders"),
    # Taking a copy along
    _took("view.report", "read", "a diary, for a report", "made your report"),
    _took("report.make", "made", "a report", "made your report"),
    _took("export", "made", "a copy of everything", "made a copy of everything you keep here"),
    _took("copy.download", "downloaded", "a copy of everything", "downloaded everything you keep here"),
    _took("audit.download", "downloaded", "these lines", "downloaded who looked at your diary"),
    _took("break_glass.open", "opened without consent", "for a reason that was given", "opened your diary without your consent"),
    # The diary
    _changed("entry.create", "wrote", "a day", "wrote a day of your diary"),
    _changed("entry.revise", "changed", "a day", "changed a day of your diary"),
    _changed("checkin.create", "wrote", "a check-in", "wrote a check-in"),
    _changed("checkin.revise", "changed", "a check-in", "changed a check-in"),
    _changed("intention.create", "wrote", "an intention", "wrote an intention"),
    _changed("intention.revise", "changed", "an intention", "changed an intention"),
    _changed("arrival.create", "wrote", "an arrival sheet", "filled in your arrival sheet"),
    _changed("arrival.revise", "changed", "an arrival sheet", "changed your arrival sheet"),
    _changed("symptom.name", "added", "a question of the patient’s own", "added something to score"),
    _changed("symptom.rename", "renamed", "a question of the patient’s own", "renamed something you score"),
    _changed("symptom.retire", "put away", "a question of the patient’s own", "put away something you score"),
    _changed("symptom.resume", "took up again", "a question of the patient’s own", "took up something you scored"),
    _changed("word.keep", "kept", "a word from a good day", "kept a word from a good day"),
    _changed("help.shown", "was shown", "help", ""),
    _changed("copy.ask", "asked for", "a copy of everything", "asked for everything you keep here"),
    _changed("import", "imported", "a file", "imported a file into your diary"),
    # Care
    _changed("infusion.create", "added", "a treatment record", "recorded or planned an infusion"),
    _changed("infusion.revise", "changed", "a treatment record", "changed an infusion’s record"),
    _changed("infusion.cancel", "cancelled", "a treatment record", "cancelled an infusion"),
    _changed("infusion.draft", "kept", "a draft of a treatment record", "began an infusion’s record"),
    _changed("gap.create", "planned", "a longer interval", "planned a longer gap"),
    _changed("gap.end", "ended", "a longer interval", "took back a longer gap"),
    _changed("medication.create", "added", "a treatment record", "added a medicine"),
    _changed("medication.revise", "changed", "a treatment record", "changed a medicine"),
    _changed("medication.end", "ended", "a treatment record", "ended a medicine"),
    _changed("medication.confirm", "confirmed", "a treatment record", "confirmed a medicine"),
    _changed("medication.strike", "struck out", "a treatment record", "struck out a medicine"),
    _changed("medication.taken", "noted", "something taken", "noted a medicine taken"),
    _changed("session.create", "added", "a session", "added a session"),
    _changed("session.revise", "changed", "a session", "changed a session"),
    _changed("session.cancel", "cancelled", "a session", "cancelled a session"),
    _changed("commitment.tick", "ticked", "a commitment", "ticked a commitment"),
    _changed("commitment.outcome", "noted", "what became of a commitment", "noted what became of a commitment"),
    _changed("goal.create", "set", "a goal", "set a goal"),
    _changed("goal.revise", "changed", "a goal", "changed a goal"),
    _changed("goal.end", "ended", "a goal", "ended a goal"),
    # Flags
    _changed("flag.opened", "opened", "a flag", "opened a flag"),
    _changed("flag.said_again", "raised again", "a flag", "raised a flag again"),
    _changed("flag.acknowledged", "took on", "a flag", "took on a flag"),
    _changed("flag.handed_over", "handed over", "a flag", "handed a flag to somebody else"),
    _changed("flag.closed", "closed", "a flag", "closed a flag"),
    _changed("flag.reopened", "reopened", "a flag", "reopened a flag"),
    _changed("flag.nowhere", "could not open", "a flag, having no clinic", ""),
    # People and sharing
    _changed("person.add", "added", "a person", "added you"),
    _changed("person.erase", "erased", "a person", ""),
    _changed("person.confirm", "confirmed", "a person", "confirmed that it is you"),
    _changed("invitation.create", "invited", "a person", "invited you"),
    _changed("invitation.accept", "accepted", "an invitation", ""),
    _changed("care_link.create", "added", "a care link", "chose {whom} to care for you"),
    _changed("care_link.cover", "added", "a care link for a time", "asked {whom} to cover for one of your team"),
    _changed("care_link.end", "ended", "a care link", "ended the care by {whom}"),
    _changed("consent.give.scores", "gave consent", "for diary answers", "let {whom} see|your scores"),
    _changed("consent.give.notes", "gave consent", "for notes", "let {whom} see|your notes"),
    _changed("consent.give.infusions", "gave consent", "for treatment records", "let {whom} see|your infusions and medicines"),
    _changed("consent.give.questionnaires", "gave consent", "for questionnaires", "let {whom} see|your questionnaires"),
    _changed("consent.give.sessions", "gave consent", "for sessions", "let {whom} see|your sessions"),
    _changed("consent.withdraw.scores", "took back consent", "for diary answers", "hid|your scores|from {whom}"),
    _changed("consent.withdraw.notes", "took back consent", "for notes", "hid|your notes|from {whom}"),
    _changed("consent.withdraw.infusions", "took back consent", "for treatment records", "hid|your infusions and medicines|from {whom}"),
    _changed("consent.withdraw.questionnaires", "took back consent", "for questionnaires", "hid|your questionnaires|from {whom}"),
    _changed("consent.withdraw.sessions", "took back consent", "for sessions", "hid|your sessions|from {whom}"),
    _changed("consent.give.cover", "agreed", "to a cover", "let {whom} cover for one of your team"),
    _changed("consent.withdraw.cover", "took back agreement", "to a cover", "hid everything from {whom}, who covers"),
    _changed("invitation.end", "ended", "an invitation", "ended your invitation"),
    _changed("role.give.patient", "made somebody", "a patient", "made you a patient"),
    _changed("role.give.coach", "made somebody", "a coach", ""),
    _changed("role.give.clinician", "made somebody", "a clinician", ""),
    _changed("role.give.admin", "made somebody", "an admin", ""),
    _changed("role.end.patient", "ended", "somebody’s time as a patient", "ended your time as a patient"),
    _changed("role.end.coach", "ended", "a coach’s role", ""),
    _changed("role.end.clinician", "ended", "a clinician’s role", ""),
    _changed("role.end.admin", "ended", "an admin’s role", ""),
    _changed("code.make", "made", "a code to sign in with", "made a code that signs you in"),
    _changed("code.use", "signed in", "with a code of the clinic", ""),
    _changed("code.failed", "failed to sign in", "with a code", ""),
    _changed("device.end", "signed out", "somebody’s device", "signed one of your devices out"),
    _changed("break_glass.refused", "asked to open", "a record without consent, and found nobody", ""),
    _changed("clinic.second_factor", "changed", "whether staff give a second step", ""),
    _changed("clinic.retention", "changed", "how long records are kept", ""),
    _changed("clinic.contacts", "changed", "contacts and opening hours"),
    _changed("clinic.checkin_days", "changed", "the days of check-ins"),
    _changed("clinic.unasked", "changed", "what check-ins ask about"),
    _changed("clinic.factors", "changed", "what may be ticked about a day"),
    _changed("clinic.course_gap", "changed", "when a new course begins"),
    # Signing in
    _changed("sign_in", "signed in", ""),
    _changed("sign_in.failed", "failed to sign in", ""),
    _changed("sign_out", "signed out", ""),
    _changed("sign_out.everywhere", "signed out", "everywhere else"),
    _changed("sign_out.device", "signed out", "another device"),
    _changed("sign_in.half", "gave the first step", "of signing in"),
    _changed("sign_in.second_failed", "failed at the second step", "of signing in"),
    _changed("prove", "proved", "once more who they are"),
    _changed("prove.failed", "failed to prove", "who they are"),
    _changed("passphrase.change", "changed", "their passphrase"),
    _changed("passphrase.forgotten", "asked for", "a link for a new passphrase"),
    _changed("passphrase.reset", "chose", "a new passphrase by a mailed link"),
    _changed("email.ask", "asked for", "another e-mail address"),
    _changed("email.change", "changed", "their e-mail address"),
    _changed("passkey.create", "added", "a passkey"),
    _changed("passkey.end", "removed", "a passkey"),
    _changed("authenticator.create", "added", "an authenticator app"),
    _changed("authenticator.end", "removed", "an authenticator app"),
    _changed("recovery_codes.create", "made", "recovery codes"),
    _changed("recovery_code.use", "used", "a recovery code"),
    _changed("factors.reset", "took away", "all second factors"),
    # Reminders
    _changed("reminders.change", "changed", "reminders", "changed your reminders"),
    _changed("reminders.pause", "paused", "reminders", "paused your reminders"),
    _changed("reminders.resume", "took up again", "reminders", "took up your reminders again"),
    _changed("reminders.not_today", "put off", "reminders, for a day", ""),
    _changed("reminders.later", "put off", "a reminder", ""),
    _changed("reminders.test", "sent", "a message to try", ""),
    _changed("reminders.unsubscribe", "silenced", "mails, for a week", ""),
    _changed("reminder_phone.add", "added", "a phone for reminders", ""),
    _changed("reminder_phone.move", "moved", "a phone for reminders to somebody else", ""),
    _changed("reminder_phone.end", "removed", "a phone for reminders", ""),
    _changed("calendar.link", "made", "a calendar link", ""),
    _changed("calendar.end", "ended", "a calendar link", ""),
    _changed("zone.change", "changed", "their time zone", "changed your time zone"),
    # The trail itself
    _changed("audit.verify", "checked", "the audit trail"),
    _changed("keys.rotate", "sealed anew", "what is sealed, with another key"),
    _changed("backup.make", "made", "a copy of everything"),
    _changed("backup.restore", "put back", "a copy of everything"),
    _changed("audit.head", "put away anew", "the audit trail’s head"),
)  # fmt: skip
MEANINGS = {one.code: one for one in TABLE}
ROLES = {
    "patient": "patient",
    "coach": "coach",
    "clinician": "clinician",
    "admin": "admin",
    "operator": "whoever runs Neap",
    "break_glass": "without consent, in an emergency",
}


def meaning(code: str) -> Meaning:
    """What a code means; one that came after this table is its own words."""
    return MEANINGS.get(code) or Meaning(code, LOOKED if code.startswith("view.") else CHANGED, "did", code)


def role_words(code: str) -> str:
    """ "clinician+admin" is "clinician and admin"; nobody's role is Neap's own."""
    if not code:
        return "by itself"
    return join([ROLES.get(one, one) for one in code.split("+")])


def join(parts: list[str]) -> str:
    """a, b and c"""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
