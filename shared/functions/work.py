"""The two queues and the one timer that carry all work nobody waits for."""

from __future__ import annotations

import logging

import azure.functions as func
import msgspec

from shared.bootstrap import Services
from shared.messages import CALENDAR_SYNC, DIRECTORY_SYNC, CalendarSync, DirectorySync
from shared.settings import STORAGE

log = logging.getLogger(__name__)


def work(services: Services) -> func.Blueprint:
    """Queue and timer triggers."""
    blueprint = func.Blueprint()

    @blueprint.queue_trigger("message", queue_name=DIRECTORY_SYNC, connection=STORAGE)
    def directory_sync(message: func.QueueMessage) -> None:
        services.directory_syncs.run(msgspec.json.decode(message.get_body(), type=DirectorySync))

    @blueprint.queue_trigger("message", queue_name=CALENDAR_SYNC, connection=STORAGE)
    def calendar_sync(message: func.QueueMessage) -> None:
        services.calendar_syncs.run(msgspec.json.decode(message.get_body(), type=CalendarSync))

    @blueprint.timer_trigger("timer", schedule="%RESYNC_SCHEDULE%", run_on_startup=False)
    def resync(timer: func.TimerRequest) -> None:
        tenants = services.directory_syncs.resync_all()
        log.info("resync: %d tenants%s", tenants, ", late" if timer.past_due else "")

    return blueprint
