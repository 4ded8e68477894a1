"""The queues and the one timer that carry all work nobody waits for, and what becomes of work that fails."""

from __future__ import annotations

import logging

import azure.functions as func

from shared.attempts import (
    PROCESS_ENDED,
    RETRY_AFTER,
    UNREADABLE_MESSAGE,
    Verdict,
    decode,
    divided,
    renewed,
    verdict,
)
from shared.bootstrap import Services
from shared.messages import QUEUES, BookingCheck, DirectorySync, EventDelivery, Message, Subject
from shared.settings import STORAGE

log = logging.getLogger(__name__)

POISON = "-poison"
"""What the host appends to a queue's name for messages it gave up: those that end the process each time."""


def work(services: Services) -> func.Blueprint:
    """Timer and queue triggers."""
    blueprint = func.Blueprint()

    for queue in QUEUES:
        _work_off(blueprint, services, queue)

    @blueprint.timer_trigger("timer", schedule="%RESYNC_SCHEDULE%", run_on_startup=False)
    def resync(timer: func.TimerRequest) -> None:
        log.info("resync: %d tenants%s", look_after_all(services), ", late" if timer.past_due else "")

    return blueprint


def look_after_all(services: Services) -> int:
    """What each pass of the timer asks for; how many tenants there are."""
    tenants = services.directory_syncs.resync_all()
    for org in sorted(services.own_schedule.run()):
        services.platform_events.sweep(org, (Subject.OWN_CONNECTION,))
    return tenants


def _work_off(blueprint: func.Blueprint, services: Services, queue: str) -> None:
    """The triggers of a queue, and of the one for messages that the host gave up."""

    def run(message: func.QueueMessage) -> None:
        carry_out(services, queue, message)

    def give_up(message: func.QueueMessage) -> None:
        keep_ended(services, queue, message)

    for name, function in ((queue, run), (queue + POISON, give_up)):
        function.__name__ = name.replace("-", "_")
        blueprint.queue_trigger("message", queue_name=name, connection=STORAGE)(function)


def carry_out(services: Services, queue: str, delivered: func.QueueMessage) -> None:
    """Do what the message says. Raises where the host shall deliver it once more."""
    text, attempt = text_of(delivered), delivered.dequeue_count or 1
    message = decode(queue, text)
    if message is None:
        services.dead_letters.keep(queue, text, UNREADABLE_MESSAGE)
        return
    try:
        if verdict(message, attempt - 1) is Verdict.DIVIDE:
            _divide(services, message)
        else:
            with services.announced_together():
                _run(services, message, delivered.id)
    except Exception as problem:
        match verdict(message, attempt):
            case Verdict.RETRY:
                raise
            case Verdict.DIVIDE:
                log.warning("%s: divided after %s", queue, type(problem).__name__)
                _divide(services, message)
            case Verdict.GIVE_UP:
                services.dead_letters.keep(queue, text, type(problem).__name__)


def keep_ended(services: Services, queue: str, delivered: func.QueueMessage) -> None:
    """Keep a message that the host gave up: nothing of ours saw it fail."""
    text = text_of(delivered)
    services.dead_letters.keep(queue, text, PROCESS_ENDED if decode(queue, text) else UNREADABLE_MESSAGE)


def text_of(delivered: func.QueueMessage) -> str:
    """The message as text, whatever bytes it is made of."""
    body: bytes = delivered.get_body()
    return body.decode(errors="replace")


def _run(services: Services, message: Message, delivery: str | None) -> None:
    if isinstance(message, BookingCheck):
        services.bookings.settlement.run(message)
    elif isinstance(message, EventDelivery):
        services.platform_events.run(message)
    elif isinstance(message, DirectorySync):
        services.directory_syncs.run(message)
        if message.once:
            services.platform_events.sweep(message.org)
    else:
        services.calendar_syncs.run(message, delivery)


def _divide(services: Services, message: Message) -> None:
    """Put each mailbox back alone, as late as the host would have: by then no read of this attempt is under way.

    As of now: others may have counted on this message for what was told since.
    """
    for part in divided(renewed(message, services.now())):
        services.queues.send(part, RETRY_AFTER)
