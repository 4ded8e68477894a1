"""The running service keeps to the document it serves, whatever is sent (https://schemathesis.io)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from local.microsoft.world import PRIMARY_CALENDAR
from local.stack import Stack
from shared.contract.versions import IF_MATCH
from shared.functions.cursors import cursor_of
from shared.functions.endpoints import Who
from tests.scenarios.calls import ENDPOINTS, Calls, meeting
from tests.scenarios.company import today
from tests.scenarios.conftest import connected_company

load_all_checks()
NOT_HERE = {
    "unsupported_method": "the Functions host answers 404 where others answer 405, see local/host/routes.py",
    "allow_header_conformance": "belongs to 405 as well",
    "missing_required_header": "no header but that of the proof is read, and `ignored_auth` leaves that out",
    "object_level_authorization": "test_who_may.py and test_walls.py, for every endpoint",
    "max_response_time": "no timing is asserted",
}
CHECKED = [check for name in CHECKS.get_all_names() if name not in NOT_HERE for check in CHECKS.get_by_names([name])]
ADMITTED = {Who.ADMIN: "owner", Who.SERVICE: "service", Who.READER: "service", Who.MEMBER: "user"}
MANY, FEW = 12, 4
"""Requests of each kind by whom an endpoint is for, and by others."""
CALLERS = {Who.OPERATOR: ("operator",), Who.ANYONE: ("nobody",)}
"""Others are called by three people."""
MODES = {"good": GenerationMode.POSITIVE, "bad": GenerationMode.NEGATIVE}

schemathesis.openapi.format("iana-time-zone", st.sampled_from(["Europe/Berlin", "UTC", "America/Lima"]))
PLACES = [cursor_of(f"{place:015d}-0123abcd") for place in (0, 251_000_000_000_000)]
schemathesis.openapi.format("place in the audit trail", st.sampled_from(PLACES))
schemathesis.openapi.format("cursor", st.sampled_from([cursor_of(key) for key in ("a", "ann", "zoe")]))


@pytest.fixture(scope="module")
def calls(stack: Stack) -> Iterator[Calls]:
    made = Calls(connected_company(stack))
    made.fill()
    yield made
    made.clear()
    made.company.retire()


@pytest.fixture(scope="module")
def api(stack: Stack) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{stack.url}/api/openapi.json")


def headers_of(calls: Calls, caller: str) -> dict[str, str]:
    match caller:
        case "nobody":
            return {}
        case "operator":
            return calls.key()
    return calls.bearer(caller)


def runs() -> list[Any]:
    return [
        pytest.param(name, caller, mode, id=f"{name}-{caller}-{mode}")
        for name, one in ENDPOINTS.items()
        for caller in CALLERS.get(one.who, ("owner", "service", "user"))
        for mode in MODES
        if mode == "good" or one.path_names or one.body or msgspec.structs.fields(one.query)
    ]


SPANS = st.builds(
    lambda day, hours: {
        "start": (today() + timedelta(days=day)).isoformat(),
        "end": (today() + timedelta(days=day, hours=hours)).isoformat(),
    },
    st.integers(-3, 3) | st.integers(-400, 400),
    st.integers(1, 92 * 24),
)


SINCE = st.builds(
    lambda day: {"since": (today() - timedelta(days=day)).isoformat(), "until": today().isoformat()},
    st.integers(0, 20_000),
)


SOON = {"start": today().isoformat(), "end": (today() + timedelta(days=7)).isoformat()}


def cases(
    operation: schemathesis.APIOperation, mode: str, real: dict[str, str]
) -> st.SearchStrategy[schemathesis.Case]:
    """Requests for real things and for made-up ones. No schema says which years there are, and which comes first."""
    names = {parameter.name for parameter in operation.query}
    spans = SPANS if {"start", "end"} <= names else SINCE if "since" in names else st.just({})
    queries = spans if mode == "good" else st.just({})
    about = [real, {}] if real else [{}]
    return st.tuples(queries, st.sampled_from(about)).flatmap(
        lambda fixed: operation.as_strategy(MODES[mode], query=fixed[0] or None, path_parameters=fixed[1] or None)
    )


def sayable(body: dict[str, Any], match: dict[str, Any]) -> dict[str, Any]:
    """The body without what no schema can forbid: 19.0 for a whole number, two members of one id, nobody's user.

    Meetings meet no other and stay what they were, with or without Teams and further hosts.
    """
    made = {name: int(part) if isinstance(part, float) else part for name, part in body.items()}
    if "members" in made:
        made["members"] = list({member["id"]: member for member in made["members"]}.values())
    if "duration_minutes" in made:
        return made | {**SOON, "at_least": 1, "members": [{"id": "ann"}]}
    if "subject" in made:
        span = {name: text for name, text in meeting().items() if name in ("start", "end")}
        people = {one["email"].lower(): one for one in made.get("attendees", [])}
        return made | span | {"hosts": [], "teams_meeting": False, "attendees": list(people.values())}
    if "checked" in made:
        return {"checked": [PRIMARY_CALENDAR], "bookings": PRIMARY_CALENDAR}
    return match if made.keys() == match.keys() else made


@pytest.mark.parametrize(("name", "caller", "mode"), runs())
def test_every_answer_is_in_the_document(
    api: schemathesis.BaseSchema, calls: Calls, name: str, caller: str, mode: str
) -> None:
    calls.permit()
    operation, path, headers = api.find_operation_by_id(name), calls.path(ENDPOINTS[name]), headers_of(calls, caller)
    is_for_them = caller == ADMITTED.get(ENDPOINTS[name].who, caller)
    met: set[int] = set()

    @settings(
        max_examples=MANY if is_for_them else FEW, deadline=None, database=None, derandomize=True,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(cases(operation, mode, path))
    def call(case: schemathesis.Case) -> None:
        if mode == "good" and isinstance(case.body, dict):
            case.body = sayable(case.body, calls.match())
            case.headers.pop(IF_MATCH, None)
        # A parameter without a value is none, which no schema can say.
        assume(mode == "good" or "" not in (case.query or {}).values())
        met.add(case.call_and_validate(headers=headers, checks=CHECKED).status_code)

    call()
    assert mode == "bad" or not is_for_them or any(200 <= status < 300 for status in met), "never answered well"
