"""All triggers of the app, gathered from one group per noun."""

from __future__ import annotations

import azure.functions as func

from shared.bootstrap import Services
from shared.functions.activation_links import activation_links
from shared.functions.audit import audit
from shared.functions.available_times import available_times
from shared.functions.bookings import bookings
from shared.functions.documentation import documentation
from shared.functions.endpoints import Api
from shared.functions.health import health
from shared.functions.matches import matches
from shared.functions.me import me
from shared.functions.members import members
from shared.functions.microsoft_admin import microsoft_admin
from shared.functions.my_calendars import my_calendars
from shared.functions.one_member import one_member
from shared.functions.operations import operations
from shared.functions.overview import overview
from shared.functions.own_sign_in import own_sign_in
from shared.functions.policy import policy
from shared.functions.roster import roster
from shared.functions.scope import scope
from shared.functions.site import site
from shared.functions.tenants import tenants
from shared.functions.times import times
from shared.functions.token_keys import token_keys
from shared.functions.webhooks import webhooks
from shared.functions.work import work

API = (
    overview,
    activation_links,
    tenants,
    scope,
    policy,
    members,
    one_member,
    matches,
    me,
    my_calendars,
    roster,
    times,
    available_times,
    bookings,
    audit,
    operations,
    token_keys,
    health,
    documentation,
)
"""What programs call; all of it is in the API's document."""
OTHERS = (microsoft_admin, own_sign_in, webhooks, work, site)


def api_of(services: Services) -> Api:
    """Everything that programs call."""
    api = Api(services)
    for group in API:
        api.add(group)
    return api


def create_app(services: Services) -> func.FunctionApp:
    """The app with every trigger, each calling the given services."""
    app, api = func.FunctionApp(), api_of(services)
    for blueprint in (api.blueprint, *(group(services) for group in OTHERS)):
        app.register_functions(blueprint)
    return app
