"""Worlds of any size for benchmarks: one tenant, a matching organisation, everything decided by a seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from local.microsoft.entra.issue import GLOBAL_ADMINISTRATOR
from local.microsoft.identifiers import stable_id, stable_token
from local.microsoft.organization import Member, Organization
from local.microsoft.registration import PUBLIC_URL, register_app
from local.microsoft.world import Event, Json, Mailbox, Tenant, User, World

ZONES = (
    ("W. Europe Standard Time", "Europe/Amsterdam"),
    ("GMT Standard Time", "Europe/London"),
    ("Eastern Standard Time", "America/New_York"),
    ("India Standard Time", "Asia/Kolkata"),
)
GIVEN = ("Ada", "Ben", "Cleo", "Dina", "Emil", "Faye", "Gus", "Hugo", "Ines", "Jan", "Kira", "Liam", "Mona", "Nils")
FAMILY = ("Aalto", "Berg", "Costa", "Dahl", "Engel", "Falk", "Greco", "Holm", "Iversen", "Jung", "Klein", "Lund")
MINUTES = (15, 30, 30, 45, 60, 60, 90)
SHOWN_AS = ("busy", "busy", "busy", "busy", "tentative", "free", "oof", "workingElsewhere")
WINDOW_DAYS = 90


@dataclass(frozen=True)
class Generated:
    """A world with one tenant, and its people's organisation on the platform."""

    world: World
    organization: Organization
    tenant_id: str
    admin: str
    """User principal name of the global administrator."""


def generate(
    users: int = 2000,
    events_per_user: int = 20,
    seed: int = 1,
    *,
    client_certificate: bytes = b"",
    public_url: str = PUBLIC_URL,
    domain: str = "generated.example",
    today: date | None = None,
) -> Generated:
    """A tenant of `users` people, the first of them its administrator; about one event in ten is a series."""
    world, randomness = World(), Random(seed)  # noqa: S311 - repeatable on purpose
    register_app(world, client_certificate, public_url)
    tenant = Tenant(stable_id("tenant", domain, seed), f"Generated {users}", [domain])
    world.tenants[tenant.id] = tenant
    today = today or world.clock.now().date()
    members = []
    for number in range(users):
        user, member = _person(domain, number)
        tenant.users[user.id] = user
        members.append(member)
        if user.mailbox is not None:
            _fill(user, user.mailbox, events_per_user, today, randomness)
    organization_id = stable_id("organization", domain, seed)
    features = ("outlook-admin",)
    organization = Organization(
        organization_id, f"Generated {users}", "enterprise", features, tenant.id, tuple(members)
    )
    return Generated(world, organization, tenant.id, next(iter(tenant.users.values())).user_principal_name)


def _person(domain: str, number: int) -> tuple[User, Member]:
    name = f"{GIVEN[number % len(GIVEN)]} {FAMILY[number // len(GIVEN) % len(FAMILY)]} {number}"
    address = f"{name.lower().replace(' ', '.')}@{domain}"
    windows_zone, zone = ZONES[number % len(ZONES)]
    user = User(
        id=stable_id("user", domain, number),
        display_name=name,
        user_principal_name=address,
        mail=address,
        proxy_addresses=[f"SMTP:{address}", f"smtp:person{number}@{domain}"],
        role_templates={GLOBAL_ADMINISTRATOR} if number == 0 else set(),
        mailbox=Mailbox(time_zone=windows_zone),
    )
    role = "owner" if number == 0 else "user"
    member = Member(stable_id("member", domain, number), name, (address,), zone, role)  # type: ignore[arg-type]
    return user, member


def _fill(user: User, mailbox: Mailbox, count: int, today: date, randomness: Random) -> None:
    token = stable_token(user.id)
    for number in range(count):
        event_id = f"AAMkAG{token}{number:04}AAA="
        mailbox.events[event_id] = Event(
            id=event_id,
            immutable_id=f"AAkALg{token}{number:04}AAA=",
            fields=_fields(mailbox.time_zone, number, today, randomness),
            change_key=f"{token}{number:04}",
        )


def _fields(zone: str, number: int, today: date, randomness: Random) -> Json:
    day = today + timedelta(days=int(randomness.random() * WINDOW_DAYS))
    start = (16 + int(randomness.random() * 18)) * 30
    end = start + MINUTES[int(randomness.random() * len(MINUTES))]
    text = day.isoformat()
    fields = {
        "subject": f"SECRET-subject {number}",
        "start": {"dateTime": f"{text}T{start // 60:02}:{start % 60:02}:00.0000000", "timeZone": zone},
        "end": {"dateTime": f"{text}T{end // 60:02}:{end % 60:02}:00.0000000", "timeZone": zone},
        "showAs": SHOWN_AS[int(randomness.random() * len(SHOWN_AS))],
    }
    return fields if number % 10 else {**fields, "recurrence": _weekly(day, zone)}


def _weekly(first: date, zone: str) -> Json:
    days = [f"{first:%A}".lower()]
    return {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": days, "firstDayOfWeek": "monday"},
        "range": {"type": "noEnd", "startDate": first.isoformat(), "recurrenceTimeZone": zone},
    }
