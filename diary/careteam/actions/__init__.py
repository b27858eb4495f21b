"""Writes to clinics, roles, care links, consent, invitations, codes and what people are told."""

from diary.accounts.actions import create_person
from diary.careteam.actions.clinics import (
    clinic_named,
    lock_clinic,
    set_checkin_days,
    set_contacts,
    set_course_gap,
    set_factors,
    set_retention,
    set_second_factor,
    set_unasked,
)
from diary.careteam.actions.codes import end_device, leave_unproven, make_code, use_code
from diary.careteam.actions.consent import agree_to_cover, give_consent, refuse_cover, withdraw_consent
from diary.careteam.actions.glass import break_glass
from diary.careteam.actions.invitations import accept_invitation, confirm_person, end_invitation, invite, join
from diary.careteam.actions.links import carers_of, end_link, link
from diary.careteam.actions.notices import see_notice, tell
from diary.careteam.actions.refused import Refused
from diary.careteam.actions.roles import add_member, change_roles, end_membership
from diary.careteam.actions.signing_in import sign_in

__all__ = [
    "Refused",
    "accept_invitation",
    "add_member",
    "agree_to_cover",
    "break_glass",
    "carers_of",
    "change_roles",
    "clinic_named",
    "confirm_person",
    "create_person",
    "end_device",
    "end_invitation",
    "end_link",
    "end_membership",
    "give_consent",
    "invite",
    "join",
    "leave_unproven",
    "link",
    "lock_clinic",
    "make_code",
    "refuse_cover",
    "see_notice",
    "set_checkin_days",
    "set_contacts",
    "set_course_gap",
    "set_factors",
    "set_retention",
    "set_second_factor",
    "set_unasked",
    "sign_in",
    "tell",
    "use_code",
    "withdraw_consent",
]
