"""What each caller may do, by role, plan and feature."""

from __future__ import annotations

import pytest

from shared.callers import ID, Caller
from shared.errors import Forbidden, NotFound
from shared.model import Role
from shared.settings import PlatformSettings

PLATFORM = PlatformSettings(
    "Calendly", "https://p", "https://p", "outlook", "https://p/jwks", frozenset({"enterprise"}), "outlook-admin"
)


def caller(role: Role, plan: str = "enterprise", features: tuple[str, ...] = ("outlook-admin",)) -> Caller:
    return Caller("m-1", "acme", "Acme", role, plan, frozenset(features))


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        pytest.param(caller(Role.OWNER), True, id="owner"),
        pytest.param(caller(Role.ADMIN), True, id="admin"),
        pytest.param(caller(Role.USER), False, id="user"),
        pytest.param(caller(Role.SERVICE), False, id="service"),
        pytest.param(caller(Role.OWNER, plan="free"), False, id="owner on another plan"),
        pytest.param(caller(Role.OWNER, plan=""), False, id="owner without plan"),
        pytest.param(caller(Role.OWNER, plan="Enterprise"), False, id="owner on a plan of similar name"),
        pytest.param(caller(Role.OWNER, features=()), False, id="owner without the feature"),
        pytest.param(caller(Role.ADMIN, features=("other",)), False, id="admin with another feature"),
    ],
)
def test_who_may_administer(who: Caller, allowed: bool) -> None:
    if allowed:
        who.require_admin(PLATFORM)
    else:
        with pytest.raises(Forbidden):
            who.require_admin(PLATFORM)


@pytest.mark.parametrize("role", Role)
def test_only_the_service_may_do_what_the_service_does(role: Role) -> None:
    if role is Role.SERVICE:
        caller(role).require_service()
    else:
        with pytest.raises(Forbidden):
            caller(role).require_service()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("member", ["m-1", "m-2", "M-1", ""])
def test_users_read_about_themselves_only(role: Role, member: str) -> None:
    if role is not Role.USER or member == "m-1":
        caller(role).require_may_read(member)
    else:
        with pytest.raises(NotFound):
            caller(role).require_may_read(member)


@pytest.mark.parametrize("text", ["m-1", "a" * 64, "A.b_c@d:e-f", "7"])
def test_an_id_of_the_platform(text: str) -> None:
    assert ID.fullmatch(text)


@pytest.mark.parametrize("text", ["", "a" * 65, "-a", "..", "a/b", "a|b", "a~b", "a b", "a\n", "\n", "é", "a\0"])
def test_what_is_no_id(text: str) -> None:
    assert not ID.fullmatch(text)
