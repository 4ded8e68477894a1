"""Members' time: when they are busy, and why."""

from __future__ import annotations

from shared.contract.parsing import span_from
from shared.contract.times import BusyOutput, ExplanationOutput, SpanQuery
from shared.errors import NotFound
from shared.functions import answers
from shared.functions.endpoints import Api, Asked, Who
from shared.model import MemberKey


def times(api: Api) -> None:
    """Questions about members' time."""
    services = api.services

    @api.endpoint("GET", "api/members/{member}/busy", Who.READER, BusyOutput, query=SpanQuery, problems=(NotFound,))
    def busy_times(ask: Asked[SpanQuery, None]) -> BusyOutput:
        """A member's busy times in a span of at most 92 days.

        Free is only what no block covers; time that is not known to be free is a block of status `unknown`.
        """
        member, span = ask.path["member"], span_from(ask.query.start, ask.query.end)
        answer = services.availability.busy(MemberKey(ask.caller.org, member), span)
        return answers.busy(member, span, answer)

    @api.endpoint(
        "GET", "api/members/{member}/explain", Who.READER, ExplanationOutput, query=SpanQuery, problems=(NotFound,)
    )
    def explain_times(ask: Asked[SpanQuery, None]) -> ExplanationOutput:
        """Why a member's time is open or blocked.

        Each part of the span with every block that lies on it: which calendar, how it is shown, when it was read, and
        which rule decided. Never what an event is about: that is not read.
        """
        member, span = ask.path["member"], span_from(ask.query.start, ask.query.end)
        found = services.availability.explain(MemberKey(ask.caller.org, member), span)
        return answers.explanation(member, span, found)
