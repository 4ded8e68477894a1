"""All triggers of the app, gathered from one blueprint per group of callers."""

from __future__ import annotations

import azure.functions as func

from shared.bootstrap import Services
from shared.functions.admin import admin
from shared.functions.microsoft_admin import microsoft_admin
from shared.functions.operations import operations
from shared.functions.people import people
from shared.functions.site import site
from shared.functions.webhooks import webhooks
from shared.functions.work import work

GROUPS = (admin, people, microsoft_admin, webhooks, work, operations, site)


def create_app(services: Services) -> func.FunctionApp:
    """The app with every trigger, each calling the given services."""
    app = func.FunctionApp()
    for group in GROUPS:
        app.register_functions(group(services))
    return app
