"""Making, removing and sharing the calendars of a mailbox, as people do it in Outlook."""

from __future__ import annotations

import base64

from local.microsoft.graph.access import mailbox_of
from local.microsoft.graph.events import delete_event
from local.microsoft.graph.shared_calendars import present_shares
from local.microsoft.graph.subscriptions import remove_subscription
from local.microsoft.world import PRIMARY_CALENDAR, SharedCalendar, Tenant, User, World


def add_calendar(
    world: World, user: User, name: str, *, read_only: bool = False, providers: list[str] | None = None
) -> str:
    """A new calendar; its id. Nobody can edit a `read_only` one, such as that of the holidays."""
    mailbox = mailbox_of(user)
    identity = _new_id(world)
    mailbox.calendars[identity] = name
    if read_only:
        mailbox.read_only_calendars.add(identity)
    if providers is not None:
        mailbox.meeting_providers[identity] = providers
    return identity


def remove_calendar(world: World, tenant: Tenant, user: User, identity: str) -> bool:
    """Remove a calendar with its events and subscriptions, or one that was shared; False for the primary one."""
    mailbox = mailbox_of(user)
    if mailbox.shared.pop(identity, None) is not None:
        return True
    if identity == PRIMARY_CALENDAR or identity not in mailbox.calendars:
        return False
    for event in [e for e in mailbox.events.values() if e.calendar_id == identity]:
        delete_event(world, tenant, user, event.id)
    for subscription in [s for s in world.subscriptions.values() if s.id in mailbox.subscription_ids]:
        if subscription.calendar_id == identity:
            remove_subscription(world, subscription.id)
    del mailbox.calendars[identity]
    mailbox.read_only_calendars.discard(identity)
    return True


def share_calendar(
    world: World, tenant: Tenant, owner: User, identity: str, reader: User, *, can_edit: bool = False
) -> str:
    """Have a calendar show up in somebody's mailbox; its id there. Once more changes what the reader may do."""
    target = mailbox_of(reader)
    name = f"{owner.display_name} ({mailbox_of(owner).calendars[identity]})"
    share = SharedCalendar(name, tenant.id, owner.id, identity, can_edit)
    for known, other in present_shares(world, target).items():
        if (other.user_id, other.calendar_id) == (owner.id, identity):
            target.shared[known] = share
            return known
    made = _new_id(world)
    target.shared[made] = share
    return made


def _new_id(world: World) -> str:
    return f"AAMkCal{base64.urlsafe_b64encode(world.randomness.randbytes(24)).decode()}="
