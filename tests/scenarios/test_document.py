"""The running service keeps to the document it serves, whatever is sent (https://schemathesis.io)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from local.host.http import Keys
from local.stack import Stack
from shared.bootstrap import Services
from shared.functions.app import api_of
from shared.functions.cursors import cursor_of
from shared.functions.endpoints import Endpoint, Who
from shared.messages import CALENDAR_SYNC, CalendarSync, Reason, encode
from shared.settings import Settings
from tests.scenarios.company import Company, today
from tests.scenarios.conftest import connected_company
from tests.test_import_rules import ENVIRON

load_all_checks()
NOT_HERE = {
    "unsupported_method": "the Functions host answers 404 where others answer 405, see local/host/routes.py",
    "allow_header_conformance": "belongs to 405 as well",
    "missing_required_header": "no header but that of the proof is read, and `ignored_auth` leaves that out",
    "object_level_authorization": "test_who_may.py and test_walls.py, for every endpoint",
    "max_response_time": "no timing is asserted",
}
CHECKED = [check for name in CHECKS.get_all_names() if name not in NOT_HERE for check in CHECKS.get_by_names([name])]
ENDPOINTS = {one.name: one for one in api_of(Services(Settings.from_env(ENVIRON))).endpoints}
EXAMPLES = 15
CALLERS = {Who.OPERATOR: ("operator",), Who.ANYONE: ("nobody",)}
MODES = {"good": GenerationMode.POSITIVE, "bad": GenerationMode.NEGATIVE}

schemathesis.openapi.format("iana-time-zone", st.sampled_from(["Europe/Berlin", "UTC", "America/Lima"]))
schemathesis.openapi.format("cursor", st.sampled_from([cursor_of(key) for key in ("a", "ann", "zoe")]))


class Callers:
    """A company with things to ask for, and the headers of its people."""

    def __init__(self, company: Company) -> None:
        self.company = company
        keys = Keys.of(company.stack.settings)
        self.headers: dict[str, dict[str, str]] = {"nobody": {}, "operator": {"x-functions-key": keys.function}}
        for role in ("owner", "service", "user"):
            self.headers[role] = {"Authorization": f"Bearer {company.token(role, 'ann')}"}

    def path(self, endpoint: Endpoint) -> dict[str, str]:
        """Ids of things that are there; what a call uses up is made for each."""
        values = {"member": "ann", "tenant": self.company.tenant, "queue": CALENDAR_SYNC}
        if "link" in endpoint.path_names:
            values["link"] = self.company.admin.make_link()["id"]
        if "id" in endpoint.path_names:
            values["id"] = self._dead_letter()
        if endpoint.name == "remove_member":
            self.company.join("ann")
        return {name: values[name] for name in endpoint.path_names}

    def _dead_letter(self) -> str:
        message = CalendarSync(self.company.tenant, ("nobody",), today(), Reason.NOTIFIED)
        letters = self.company.services().dead_letters
        letters.keep(CALENDAR_SYNC, encode(message), "Tested")
        return next(letter.id for letter in letters.all() if letter.reason == "Tested")


@pytest.fixture(scope="module")
def callers(stack: Stack) -> Callers:
    return Callers(connected_company(stack))


@pytest.fixture(scope="module")
def api(stack: Stack) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{stack.url}/api/openapi.json")


@pytest.fixture(scope="module")
def answered() -> Iterator[dict[str, set[int]]]:
    """Every status met, by operation."""
    yield defaultdict(set)


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
    st.integers(-400, 400),
    st.integers(1, 92 * 24),
)


def cases(operation: schemathesis.APIOperation, mode: str, real: dict[str, str]) -> st.SearchStrategy[schemathesis.Case]:
    """Requests for real things and for made-up ones. No schema says that the end comes after the start."""
    spanned = {"start", "end"} <= {parameter.name for parameter in operation.query}
    queries = SPANS if spanned and mode == "good" else st.just({})
    about = [real, {}] if real else [{}]
    return st.tuples(queries, st.sampled_from(about)).flatmap(
        lambda fixed: operation.as_strategy(
            MODES[mode], query=fixed[0] or None, path_parameters=fixed[1] or None
        )
    )


def sayable(body: dict[str, Any]) -> dict[str, Any]:
    """The body without what no schema can forbid: 19.0 for a whole number, two members of one id."""
    made = {name: int(part) if isinstance(part, float) else part for name, part in body.items()}
    if "members" in made:
        made["members"] = list({member["id"]: member for member in made["members"]}.values())
    return made


@pytest.mark.parametrize(("name", "caller", "mode"), runs())
def test_every_answer_is_in_the_document(
    api: schemathesis.BaseSchema, callers: Callers, answered: dict[str, set[int]], name: str, caller: str, mode: str
) -> None:
    operation = api.find_operation_by_id(name)
    endpoint = ENDPOINTS[name]

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(cases(operation, mode, callers.path(endpoint)))
    def call(case: schemathesis.Case) -> None:
        if mode == "good" and isinstance(case.body, dict):
            case.body = sayable(case.body)
        answer = case.call_and_validate(headers=callers.headers[caller], checks=CHECKED)
        answered[name].add(answer.status_code)

    call()


def test_every_call_was_answered_well_at_least_once(answered: dict[str, set[int]]) -> None:
    assert {name: answered[name] for name in ENDPOINTS if not any(200 <= s < 300 for s in answered[name])} == {}
