"""All routes of the simulated Graph, from the modules that answer them."""

from __future__ import annotations

from local.microsoft.graph import (
    calendar_delta,
    calendar_view,
    calendars,
    event_routes,
    schedule,
    subscriptions,
    users,
)
from local.microsoft.graph.routing import Routes

ROUTES = Routes()
for _module in (calendar_delta, calendar_view, calendars, event_routes, schedule, subscriptions, users):
    ROUTES.include(_module.routes)
