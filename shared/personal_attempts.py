"""A member's way to Microsoft and back with their own account: who started it, where, and that it ends once.

1. A member starts it with their own proof of who they are, and the answer to that call sets a cookie. So the browser
   that comes back is the member's own: a link sent to somebody else brings no cookie, and connects nobody's account.
2. Each member has one attempt at a time; starting anew voids the one before. It ends after a quarter of an hour.
3. What comes back counts once, with the state made for it, in that browser. Whose attempt it is says its row, never
   the request.
4. PKCE verifier and nonce are kept encrypted for this very attempt (`sign_in_flows.py`): that they open proves the
   member whom the row names.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.encryption import Encryption
from shared.errors import EntityChanged, MemberRefusal, Refusal
from shared.graph.personal_sign_in import PersonalAccount, PersonalSignIn
from shared.model import MemberKey, SignInAttempt
from shared.sign_in_flows import SignInFlows
from shared.storage.table import Row
from shared.storage.tables import Tables
from shared.tickets import Departure, Ticket, hashed, new_secret

LIFETIME = timedelta(minutes=15)
CALLBACK = "/callback/personal"


@dataclass(frozen=True)
class Arrival:
    """A member who came back, with the account they signed in with."""

    member: MemberKey
    account: PersonalAccount


class PersonalAttempts:
    """Sign-ins of members under way."""

    def __init__(
        self,
        tables: Tables,
        encryption: Encryption,
        sign_in: PersonalSignIn,
        public_url: str,
        now: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._flows = SignInFlows(encryption, "sign-in")
        self._sign_in = sign_in
        self._redirect_uri = f"{public_url}{CALLBACK}"
        self._now = now

    def begin(self, member: MemberKey) -> Departure:
        """Start in this browser, for a member who has proven to be that. Raises `TryLater`."""
        state, browser = Ticket(member.org, row_key(member.member), new_secret()), new_secret()
        url, flow = self._sign_in.begin(self._redirect_uri, str(state))
        attempt = SignInAttempt(
            member.member, self._now() + LIFETIME, state_hash=hashed(state.secret), browser_hash=hashed(browser)
        )
        kept = self._flows.encrypt(flow, *member, attempt)
        self._tables.sign_ins.put(state.org, state.link_id, replace(attempt, flow=kept))
        return Departure(url, browser)

    def finish(self, answer: Mapping[str, str], browser: str) -> Arrival:
        """Who came back with which account. Raises `Refusal`, `TryLater`, `CredentialRejected`; it is over then.

        What is refused is a `MemberRefusal` where whose attempt it is is proven.
        """
        row, flow = self._under_way(answer.get("state", ""), browser)
        self._end(row)
        owner = _owner(row)
        try:
            return Arrival(owner, self._sign_in.finish(flow, answer))
        except Refusal as refusal:
            raise MemberRefusal(refusal.reason, owner) from None

    def _under_way(self, text: str, browser: str) -> tuple[Row[SignInAttempt], str]:
        """The attempt that this answer ends, and its flow: the right state, in time, in the right browser.

        With one of the two somebody has what only the member's browser and Microsoft know: that proves whose attempt
        is meant, though not who sent it.
        """
        try:
            state = Ticket.parse(text)
        except Refusal:
            raise Refusal("attempt_unknown") from None
        row = self._tables.sign_ins.get(state.org, state.link_id)
        if row is None:
            raise Refusal("attempt_unknown")
        is_state = state.opens(row.value.state_hash)
        is_browser = hmac.compare_digest(hashed(browser), row.value.browser_hash or "")
        if not is_state and not is_browser:
            raise Refusal("attempt_unknown")
        owner, is_late = _owner(row), self._now() >= row.value.expires_at
        flow = self._flows.decrypt(row.value.flow or "", *owner, row.value)
        if not is_state or is_late:
            raise MemberRefusal("attempt_unknown", owner, is_theirs=is_state and is_browser)
        if not is_browser:
            raise MemberRefusal("other_browser", owner, is_theirs=False)
        return row, flow

    def _end(self, row: Row[SignInAttempt]) -> None:
        """Use the attempt up, before Microsoft is asked: of two answers at once, one is refused."""
        try:
            self._tables.sign_ins.replace(row, SignInAttempt(row.value.member, row.value.expires_at))
        except EntityChanged:
            raise Refusal("attempt_unknown") from None


def row_key(member: str) -> str:
    """Where a member's attempt is kept. Part of the state, which Microsoft sees, so it does not name the member."""
    return hashed(member)[:12]


def _owner(row: Row[SignInAttempt]) -> MemberKey:
    return MemberKey(row.partition, row.value.member)
