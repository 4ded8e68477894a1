"""A member's way to Microsoft and back with their own account: who started it, where, and that it ends once.

1. A member starts it with their own proof of who they are, and the answer to that call sets a cookie. So the browser
   that comes back is the member's own: a link sent to somebody else brings no cookie, and connects nobody's account.
2. Each member has one attempt at a time; starting anew voids the one before. It ends after a quarter of an hour.
3. What comes back counts once, with the state made for it, in that browser. Whose attempt it is says its row, never
   the request.
4. PKCE verifier and nonce are kept encrypted for this very attempt: for its member, state and browser.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.encryption import Encryption
from shared.errors import EntityChanged, Refusal, Undecryptable
from shared.graph.personal_sign_in import PersonalAccount, PersonalSignIn
from shared.model import MemberKey, SignInAttempt
from shared.storage.table import Row
from shared.storage.tables import Tables
from shared.tickets import Departure, Ticket, hashed, new_secret

LIFETIME = timedelta(minutes=15)
CALLBACK = "/callback/personal"
_PURPOSE = "sign-in"
_Place = tuple[str, str, str, str, str]


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
        self._encryption = encryption
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
        flow = self._encryption.encrypt(flow, *_place(member.org, attempt))
        self._tables.sign_ins.put(state.org, state.link_id, replace(attempt, flow=flow))
        return Departure(url, browser)

    def finish(self, answer: Mapping[str, str], browser: str) -> Arrival:
        """Who came back with which account. Raises `Refusal`, `TryLater`, `CredentialRejected`; it is over then."""
        row = self._under_way(answer.get("state", ""), browser)
        flow = self._flow(row)
        self._end(row)
        account = self._sign_in.finish(flow, answer)
        return Arrival(MemberKey(row.partition, row.value.member), account)

    def _under_way(self, text: str, browser: str) -> Row[SignInAttempt]:
        """The attempt that this answer ends: the right state, in time, in the right browser."""
        try:
            state = Ticket.parse(text)
        except Refusal:
            raise Refusal("attempt_unknown") from None
        row = self._tables.sign_ins.get(state.org, state.link_id)
        if row is None or not state.opens(row.value.state_hash) or self._now() >= row.value.expires_at:
            raise Refusal("attempt_unknown")
        if not hmac.compare_digest(hashed(browser), row.value.browser_hash or ""):
            raise Refusal("other_browser")
        return row

    def _flow(self, row: Row[SignInAttempt]) -> str:
        try:
            return self._encryption.decrypt(row.value.flow or "", *_place(row.partition, row.value))
        except Undecryptable:
            raise Refusal("attempt_unknown") from None

    def _end(self, row: Row[SignInAttempt]) -> None:
        """Use the attempt up, before Microsoft is asked: of two answers at once, one is refused."""
        try:
            self._tables.sign_ins.replace(row, SignInAttempt(row.value.member, row.value.expires_at))
        except EntityChanged:
            raise Refusal("attempt_unknown") from None


def row_key(member: str) -> str:
    """Where a member's attempt is kept. Part of the state, which Microsoft sees, so it does not name the member."""
    return hashed(member)[:12]


def _place(org: str, attempt: SignInAttempt) -> _Place:
    """What the encrypted flow is bound to."""
    return _PURPOSE, org, attempt.member, attempt.state_hash or "", attempt.browser_hash or ""
