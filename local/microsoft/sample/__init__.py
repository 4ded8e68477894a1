"""The sample world: two tenants with every awkward person and event, their organisations, and people of neither."""

from __future__ import annotations

from datetime import date, timedelta

from local.microsoft.entra.authority import PERSONAL_TENANT
from local.microsoft.registration import PUBLIC_URL, register_app
from local.microsoft.sample.calendars import fill_calendar
from local.microsoft.sample.foreign import NORTHWIND, WOODGROVE, northwind, personal_accounts, woodgrove
from local.microsoft.sample.more_calendars import add_second_calendars
from local.microsoft.sample.organizations import ORGANIZATIONS
from local.microsoft.sample.people import CONTOSO, FABRIKAM, contoso, fabrikam
from local.microsoft.world import World

__all__ = ["CONTOSO", "FABRIKAM", "NORTHWIND", "ORGANIZATIONS", "WOODGROVE", "sample_world"]


def sample_world(client_certificate: bytes = b"", public_url: str = PUBLIC_URL, today: date | None = None) -> World:
    """The world before any consent; ids never change, dates are around `today`."""
    world = World()
    register_app(world, client_certificate, public_url)
    today = today or world.clock.now().date()
    monday = today - timedelta(days=today.weekday())
    for tenant in (contoso(), fabrikam(), personal_accounts(), northwind(), woodgrove()):
        world.tenants[tenant.id] = tenant
        for index, user in enumerate(tenant.users.values()):
            fill_calendar(user, monday, index)
    add_second_calendars(world.tenants[PERSONAL_TENANT], world.tenants[NORTHWIND], monday)
    return world
