"""One way to declare an endpoint of the API: who may call it, what is asked, what is answered.

The declaration validates requests and shapes answers, and the API's document (`openapi`) is made of the same one, so
that neither can say what the other does not do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, Generic, TypeVar

import azure.functions as func
from msgspec import Struct

from shared.bootstrap import Services
from shared.callers import ID, Caller
from shared.contract.parsing import parse_body, parse_query
from shared.contract.versions import IF_MATCH, etag, version_from
from shared.errors import CallerError, Forbidden, Hidden, NotFound, Unauthenticated
from shared.functions.responses import ANYONE, answering, file_answer, file_download, json_answer, no_content

Q = TypeVar("Q")
B = TypeVar("B")

OPERATOR = func.AuthLevel.FUNCTION
"""The host asks for a key before anything of ours runs.

https://learn.microsoft.com/azure/azure-functions/function-keys-how-to
"""


class Who(StrEnum):
    """Who may call an endpoint, and as whom."""

    ADMIN = "admin"
    """Owners and admins of an organization whose plan includes this."""
    MEMBER = "member"
    """Any person of an organization, about themselves."""
    READER = "reader"
    """The platform's backend and admins about anybody, members about themselves; the path names the member."""
    ASKER = "asker"
    """The platform's backend and admins about anybody, members about themselves; the body names the members."""
    SERVICE = "service"
    """The platform's backend."""
    OPERATOR = "operator"
    """Whoever runs this service, with a function key."""
    ANYONE = "anyone"
    """Anyone; nothing is asked."""

    @property
    def words(self) -> str:
        """Who that is, in words."""
        from shared.contract.docstrings import field_docstrings  # noqa: PLC0415 - for the document only

        return field_docstrings(type(self))[self.name]


class Nothing(Struct, forbid_unknown_fields=True):
    """No parameters."""


class Anything(Struct):
    """Whatever parameters; none is read. For those who cannot help adding some, such as monitors."""


@dataclass(frozen=True)
class Asked(Generic[Q, B]):
    """A request whose caller was admitted and whose parts were checked."""

    known: Caller | None
    path: Mapping[str, str]
    query: Q
    body: B
    accept: str = ""
    version: int | None = None
    """The version that the request is good for, where the endpoint heeds `If-Match` and there is one."""

    @property
    def caller(self) -> Caller:
        """Who is calling; there is somebody wherever a token is asked for."""
        if self.known is None:
            raise Unauthenticated("Send the platform's token as: Authorization: Bearer <token>")
        return self.known

    @property
    def wants_csv(self) -> bool:
        """Whether a table for spreadsheets is asked for rather than JSON."""
        return "text/csv" in self.accept.lower()


@dataclass(frozen=True)
class Answer:
    """An answer with another status than the endpoint's first, or of a thing that has versions."""

    value: Struct
    status: int
    version: int | None = None
    cookie: str | None = field(default=None, repr=False)
    """What the browser is to keep, as a header says it."""


@dataclass(frozen=True)
class Download:
    """A file instead of JSON."""

    content: str
    name: str
    mimetype: str = "text/csv"


@dataclass(frozen=True)
class Lasting:
    """An answer that stays the same while the process lives; who has it already is told so instead."""

    content: bytes
    mimetype: str = "application/json"


Handled = Struct | Answer | Download | Lasting | None
Handler = Callable[[Asked[Any, Any]], Handled]


@dataclass(frozen=True)
class Group:
    """What belongs together in the API's document."""

    name: str
    description: str


@dataclass(frozen=True)
class Endpoint:
    """What the API's document says of one call, and its server keeps to."""

    name: str
    group: Group
    method: str
    route: str
    who: Who
    summary: str
    description: str
    query: type[Struct] = Nothing
    body: type[Struct] | None = None
    answers: Mapping[int, type[Struct] | None] = field(default_factory=dict)
    problems: tuple[type[CallerError], ...] = ()
    csv: bool = False
    versioned: bool = False
    """Whether answers carry an `ETag`, and requests that change something may say `If-Match`."""

    @property
    def path_names(self) -> list[str]:
        """The ids in the address."""
        return re.findall(r"{(\w+)}", self.route)

    @property
    def heeds_version(self) -> bool:
        """Whether the request may say for which version it is good."""
        return self.versioned and self.method != "GET"


class Api:
    """Gathers endpoints, each as a function of the app and as a part of its document."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.endpoints: list[Endpoint] = []
        self.blueprint = func.Blueprint()
        self._group = Group("", "")

    def add(self, declare: Callable[[Api], None]) -> None:
        """Gather a group: what the function declares. Its name and docstring are the group's."""
        self._group = Group(declare.__name__.replace("_", " ").capitalize(), declare.__doc__ or "")
        declare(self)

    def endpoint(
        self, method: str, route: str, who: Who, answers: type[Struct] | Mapping[int, Any] | None, **more: Any
    ) -> Callable[[Handler], Handler]:
        """Declare the decorated function an endpoint; its docstring is what the document says of it.

        `answers` is what it answers with status 200 (None: 204, no content), or all its good answers by status.
        `more` is what else `Endpoint` holds.
        """
        good = answers if isinstance(answers, Mapping) else {200 if answers else 204: answers}

        def declare(handler: Handler) -> Handler:
            summary, _, rest = (handler.__doc__ or "").partition("\n")
            text = re.sub(r"[ \n]+", " ", rest).strip()
            declared = Endpoint(
                handler.__name__, self._group, method, route, who, summary, text, answers=good, **more
            )
            self.endpoints.append(declared)
            self._register(declared, handler)
            return handler

        return declare

    def _register(self, endpoint: Endpoint, handler: Handler) -> None:
        serve = partial(_serve, self.services, endpoint, handler)

        def run(req: func.HttpRequest) -> func.HttpResponse:
            return serve(req)

        run.__name__ = endpoint.name
        level = OPERATOR if endpoint.who is Who.OPERATOR else ANYONE
        self.blueprint.route(endpoint.route, methods=[endpoint.method], auth_level=level)(answering(run))


def _serve(services: Services, endpoint: Endpoint, handler: Handler, req: func.HttpRequest) -> func.HttpResponse:
    """Admit the caller, read the request, and answer; what a known caller is refused is kept in the audit trail."""
    if endpoint.who in (Who.OPERATOR, Who.ANYONE):
        return _answer(endpoint, handler(_asked(endpoint, req, None)), req)
    caller = services.platform_tokens.identify(req.headers.get("Authorization"))
    try:
        admit(services, endpoint.who, caller, req.route_params.get("member", ""))
        return _answer(endpoint, handler(_asked(endpoint, req, caller)), req)
    except (Forbidden, Hidden) as refused:
        services.audit_trail.refused(caller, endpoint.name, refused.reason)
        raise


def admit(services: Services, who: Who, caller: Caller, member: str) -> None:
    """Let nobody pass whom the endpoint is not for. Raises `Forbidden`, `NotEntitled`, `Hidden`."""
    match who:
        case Who.ADMIN:
            caller.require_admin(services.settings.platform)
        case Who.MEMBER:
            caller.require_person()
        case Who.READER:
            caller.require_may_read(member)
        case Who.SERVICE:
            caller.require_service()


def _asked(endpoint: Endpoint, req: func.HttpRequest, caller: Caller | None) -> Asked[Any, Any]:
    path = {name: _identifier(req, name) for name in endpoint.path_names}
    # A function key may come as the parameter `code`.
    given = {name: value for name, value in req.params.items() if endpoint.who is not Who.OPERATOR or name != "code"}
    body = parse_body(req.get_body(), endpoint.body) if endpoint.body else None
    version = version_from(req.headers.get(IF_MATCH)) if endpoint.heeds_version else None
    return Asked(caller, path, parse_query(given, endpoint.query), body, req.headers.get("Accept", ""), version)


def _identifier(req: func.HttpRequest, name: str) -> str:
    """An id from the address. What cannot be an id names nothing: raises `NotFound`."""
    value: str = req.route_params.get(name, "")
    if not ID.fullmatch(value):
        raise NotFound(f"There is no such {name}.")
    return value


def _answer(endpoint: Endpoint, made: Handled, req: func.HttpRequest) -> func.HttpResponse:
    if made is None:
        return no_content()
    if isinstance(made, Download):
        return file_download(made.content, made.name, made.mimetype)
    if isinstance(made, Lasting):
        return file_answer(made, req.headers.get("If-None-Match"))
    if isinstance(made, Answer):
        headers = {} if made.version is None else {"ETag": etag(made.version)}
        return json_answer(made.value, made.status, headers | ({"Set-Cookie": made.cookie} if made.cookie else {}))
    return json_answer(made, next(iter(endpoint.answers)))
