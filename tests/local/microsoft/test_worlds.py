"""The sample world and the generator."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import asdict
from datetime import date
from typing import Any

from local.microsoft.generate import generate
from local.microsoft.graph.event_resource import View, resource
from local.microsoft.graph.instances import instances
from local.microsoft.sample import CONTOSO, FABRIKAM, ORGANIZATIONS, sample_world
from local.microsoft.world import Tenant, World

MONDAY = date(2026, 11, 23)


def contents(world: World) -> list[dict[str, Any]]:
    return [asdict(user) for tenant in world.tenants.values() for user in tenant.users.values()]


def addresses(tenant: Tenant) -> Counter[str]:
    """Every address and sign-in name of present members, counted by how many people have it."""
    found: Counter[str] = Counter()
    for user in tenant.users.values():
        if user.deleted_at is None and user.user_type == "Member":
            texts = {user.user_principal_name, *(a.partition(":")[2] for a in user.proxy_addresses)}
            found.update({text.lower() for text in texts})
    return found


def test_the_sample_is_the_same_every_time() -> None:
    assert contents(sample_world(today=MONDAY)) == contents(sample_world(today=MONDAY))


def test_the_sample_is_big_enough() -> None:
    world = sample_world(today=MONDAY)
    assert sum(len(world.tenants[tenant].users) for tenant in (CONTOSO, FABRIKAM)) >= 60
    assert sum(len(organization.members) for organization in ORGANIZATIONS) >= 40
    assert len({member.id for organization in ORGANIZATIONS for member in organization.members}) == 50


def test_members_match_their_tenant_as_they_say() -> None:
    world = sample_world(today=MONDAY)
    for organization in ORGANIZATIONS:
        known = addresses(world.tenants[organization.tenant_id])
        domains = world.tenants[organization.tenant_id].domains
        for member in organization.members:
            address = member.addresses[0].lower()
            candidates = known[address] if address.rpartition("@")[2] in domains else 0
            expected = {"not_matched": 0, "ambiguous": 2}.get(member.expected, 1)
            assert candidates == expected, member.name


def test_every_kind_of_event_is_somewhere() -> None:
    world = sample_world(today=MONDAY)
    events = [
        event.fields
        for tenant in world.tenants.values()
        for user in tenant.users.values()
        if user.mailbox
        for event in user.mailbox.events.values()
    ]
    assert {e.get("showAs", "busy") for e in events} == {"busy", "free", "tentative", "oof", "workingElsewhere"}
    assert {e.get("sensitivity", "normal") for e in events} >= {"normal", "personal", "private"}
    assert {"declined", "notResponded"} <= {e["responseStatus"]["response"] for e in events if "responseStatus" in e}
    assert any(e.get("isCancelled") for e in events)
    assert any(e.get("isAllDay") for e in events)
    assert any(e.get("recurrence", {}).get("range", {}).get("type") == "noEnd" for e in events)


def test_every_event_can_be_shown_and_carries_a_secret() -> None:
    world = sample_world(today=MONDAY)
    start, end = world.clock.now().replace(2026, 10, 1), world.clock.now().replace(2027, 3, 1)
    shown = [
        json.dumps(resource(instance, View()))
        for user in world.tenants[CONTOSO].users.values()
        if user.mailbox
        for instance in instances(user.mailbox, start, end)
    ]
    assert len(shown) > 1000
    assert all(text.count("SECRET-") >= 3 for text in shown)


def test_series_have_moved_changed_and_cancelled_occurrences() -> None:
    user = next(iter(sample_world(today=MONDAY).tenants[CONTOSO].users.values()))
    assert user.mailbox is not None
    series = next(event for event in user.mailbox.events.values() if event.exceptions)
    assert series.cancelled_occurrences == {"2026-12-14"}
    assert series.exceptions["2026-11-30"]["start"]["dateTime"].startswith("2026-12-01T15:00")
    assert series.exceptions["2026-12-07"]["showAs"] == "free"


def test_a_generated_world_has_the_size_that_was_asked_for() -> None:
    made = generate(50, 12, seed=3, today=MONDAY)
    users = made.world.tenants[made.tenant_id].users
    assert (len(users), len(made.organization.members)) == (50, 50)
    assert {len(user.mailbox.events) for user in users.values() if user.mailbox} == {12}
    known = addresses(made.world.tenants[made.tenant_id])
    assert all(known[member.addresses[0]] == 1 for member in made.organization.members)
    assert made.admin in known


def test_the_seed_decides_everything() -> None:
    first, again, other = (contents(generate(20, 10, seed=seed, today=MONDAY).world) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_ten_thousand_people_are_generated_in_seconds() -> None:
    started = time.process_time()
    generate(10_000, 5, today=MONDAY)
    assert time.process_time() - started < 10
