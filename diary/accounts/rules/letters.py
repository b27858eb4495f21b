"""What mails about an account say: kind words, and none of health."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from diary.accounts.rules import EMAIL, RESET
from diary.lib import clock
from diary.lib.words import MONTHS

NEW_DEVICE, PASSPHRASE_CHANGED, WAY_ADDED, WAY_REMOVED, EMAIL_CHANGED = (
    "new_device", "passphrase_changed", "way_added", "way_removed", "email_changed",
)  # fmt: skip
CHANGED_HERE = (
    "changed_here"  # the passphrase, and then somebody came in with it on a device that was unknown
)
GLASS = "glass"
GOING = "going"  # the clinics' time of keeping is over
NOT_YOU = "If that was not you, please end the device you do not know, change your passphrase, and tell your clinic."
# Heading and subject, the words below it, and what the button says; {device} and {at} are filled in.
WORDS = {
    RESET: (
        "Your new passphrase",
        "Somebody asked for a new passphrase for this address. If it was you, please choose one within an hour. "
        "If not, nothing has changed and you need not do anything.",
        "Choose a new passphrase",
    ),
    EMAIL: (
        "Is this your address?",
        "Somebody wants to sign in to Neap with this address from now on. If it was you, please say so within an hour. "
        "If not, nothing has changed and you need not do anything.",
        "Yes, this is mine",
    ),
    NEW_DEVICE: (
        "Signed in on a new device",
        "You signed in on a device that Neap did not know: {device}, {at}. If it was you, all is well. " + NOT_YOU,
        "Look at your devices",
    ),
    PASSPHRASE_CHANGED: (
        "Your passphrase was changed",
        "Your passphrase was changed, {at}, and your other devices were signed out. If it was you, all is well. "
        "If not, please choose \u201cI cannot get in\u201d where you sign in, and tell your clinic.",
        "Look at how you sign in",
    ),
    CHANGED_HERE: (
        "Your passphrase was changed",
        "Your passphrase was changed, {at}, and your other devices were signed out. Then you signed in on a device that Neap "
        "did not know: {device}. If it was you, all is well. If not, please choose \u201cI cannot get in\u201d where you sign in, "
        "and tell your clinic.",
        "Look at how you sign in",
    ),
    WAY_ADDED: (
        "A new way to sign in",
        "A new way to sign in was added, {at}: {device}. If it was you, all is well. " + NOT_YOU,
        "Look at how you sign in",
    ),
    WAY_REMOVED: (
        "A way to sign in was removed",
        "A way to sign in was removed, {at}: {device}. If it was you, all is well. " + NOT_YOU,
        "Look at how you sign in",
    ),
    EMAIL_CHANGED: (
        "Your address was changed",
        "You sign in with another e-mail address from now on; it was changed {at}. Mails go there, this is the last one here. "
        "If that was not you, please tell your clinic at once.",
        "Open Neap",
    ),
    GLASS: (
        "Something was opened, and you are told",
        "Somebody of your clinic opened something in Neap for an hour, {at}, and gave a reason. Who it was and why stands in "
        "Neap, where you sign in.",
        "Open Neap",
    ),
    GOING: (
        "What you kept in Neap goes soon",
        "No clinic has you in Neap any more, and the time for which yours keeps what you wrote is over. On {device} Neap "
        "erases it for good. If you want to keep it, please sign in before that day and take a copy with you.",
        "Open Neap",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Letter:
    """A mail about an account in words; `address` is a path of ours that its button opens."""

    id: UUID
    kind: str
    body: str
    words: str
    button: str
    address: str


def letter_of(kind: str, id: UUID, path: str, about: str, at: datetime, zone: str) -> Letter:
    """The mail of this kind; `at` is told in the person's own zone. Raises KeyError for no kind."""
    subject, words, button = WORDS[kind]
    there = clock.local(at, zone)
    moment = f"{there.day} {MONTHS[there.month - 1]} at {there:%H:%M}"
    return Letter(id, kind, subject, words.format(device=about, at=moment), button, path)
