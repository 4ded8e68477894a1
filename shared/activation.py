"""From an activation link to a connected tenant, on proof only (promise P4).

1. An admin of the organization makes a link. Its token is shown once and stored as a hash.
2. Whoever has the link may open it as often as they like; only pressing the button starts a sign-in, which is tied
   to that browser by a cookie and to one answer by a single-use state. PKCE verifier and nonce are kept encrypted
   for this link and this attempt.
3. Microsoft signs the person in. A validated ID token must say that they belong to a tenant, are no guest, and
   hold a role that can grant application permissions.
4. They are sent to grant the permissions for exactly that tenant. What comes back counts only in the same browser,
   with the state made for it, and for the tenant that was proven; its query parameters prove nothing.
5. The tenant is recorded as connecting, and its directory is read as soon as Microsoft lets us in. The link is
   used up.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from shared.callers import Caller
from shared.encryption import Encryption
from shared.errors import Conflict, EntityChanged, NotFound, Refusal
from shared.graph.id_token import PERSONAL_ACCOUNTS, SignedIn
from shared.graph.sign_in import SignIn
from shared.matching import domain_of, normalise
from shared.messages import DirectorySync
from shared.model import ActivationLink, AdminProof, LinkStep, Tenant, TenantStatus
from shared.plain_text import one_line
from shared.sign_in_flows import SignInFlows
from shared.storage.audit import Entry
from shared.storage.queue import Queues
from shared.storage.table import Row
from shared.storage.tables import Tables
from shared.tickets import Departure, Ticket, hashed, new_secret


def objection(person: SignedIn, link: ActivationLink) -> str | None:
    """Why this person may not connect their tenant through this link; None if they may.

    The domain of a user name is a first check against picking the wrong account; names under onmicrosoft.com say
    nothing, so the directory itself is checked once it can be read.
    """
    domain = domain_of(normalise(person.username))
    if person.tenant_id == PERSONAL_ACCOUNTS:
        return "personal_account"
    if person.is_guest:
        return "guest_account"
    if not person.may_consent:
        return "role_missing"
    if link.expected_domains and domain not in link.expected_domains and not domain.endswith(".onmicrosoft.com"):
        return "wrong_tenant"
    return None


class Activation:
    """Activation links and what happens through them."""

    def __init__(
        self,
        tables: Tables,
        queues: Queues,
        sign_in: SignIn,
        encryption: Encryption,
        public_url: str,
        now: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._queues = queues
        self._sign_in = sign_in
        self._flows = SignInFlows(encryption, "activation")
        self._public_url = public_url
        self._now = now

    def create(
        self, caller: Caller, lifetime: timedelta, expected_domains: tuple[str, ...]
    ) -> tuple[ActivationLink, str]:
        """A new link and its address, which cannot be shown again."""
        ticket = Ticket.new(caller.org)
        link = ActivationLink(
            id=ticket.link_id,
            token_hash=hashed(ticket.secret),
            organization_name=one_line(caller.org_name) or caller.org,
            created_by=caller.subject,
            created_at=self._now(),
            expires_at=self._now() + lifetime,
            expected_domains=expected_domains,
        )
        self._tables.activations.insert(caller.org, link.id, link)
        self._audit(caller.org, caller.subject, "activation_link.created", link.id)
        return link, f"{self._public_url}/activate/{ticket}"

    def links(self, org: str) -> list[ActivationLink]:
        """The organization's links, newest first."""
        rows = self._tables.activations.rows(org)
        return sorted((row.value for row in rows), key=lambda link: link.created_at, reverse=True)

    def revoke(self, caller: Caller, link_id: str) -> None:
        """Make a link useless, also for whoever is half-way through it. Raises `NotFound`, `Conflict`."""

        def revoked(link: ActivationLink | None) -> ActivationLink | None:
            if link is None:
                raise NotFound("There is no such activation link.")
            if link.step in (LinkStep.APPROVED, LinkStep.CONNECTED):
                raise Conflict("The link has been used already; disconnect the tenant instead.")
            return None if link.step is LinkStep.REVOKED else replace(_idle(link), step=LinkStep.REVOKED)

        before = self._tables.activations.get(caller.org, link_id)
        self._tables.activations.change(caller.org, link_id, revoked, before)
        if before is None or before.value.step is not LinkStep.REVOKED:
            self._audit(caller.org, caller.subject, "activation_link.revoked", link_id)

    def open(self, token: str) -> Row[ActivationLink]:
        """The link behind a token. Changes nothing. Raises `Refusal`."""
        return self._opened(token)[1]

    def note_opening(self, row: Row[ActivationLink]) -> None:
        """Keep when it was first looked at, if that is still unknown and nobody is further by now."""
        if row.value.opened_at is None:
            with suppress(EntityChanged):
                self._tables.activations.replace(row, replace(row.value, opened_at=self._now()))

    def begin(self, token: str) -> Departure:
        """Start a sign-in in this browser; one under way in another is void. Raises `Refusal`, `TryLater`."""
        ticket, row = self._opened(token)
        state, browser = ticket.fresh(), new_secret()
        url, flow = self._sign_in.begin(f"{self._public_url}/callback/sign-in", str(state))
        started = replace(
            row.value,
            step=LinkStep.STARTED,
            browser_hash=hashed(browser),
            state_hash=hashed(state.secret),
            proof=None,
        )
        kept = self._flows.encrypt(flow, row.partition, row.key, started)
        self._advance(row, replace(started, sign_in=kept))
        return Departure(url, browser)

    def signed_in(self, answer: Mapping[str, str], browser: str) -> str:
        """Where to grant the permissions, now that Microsoft said who this is. Raises `Refusal`, `TryLater`."""
        state, row = self._attempt(answer, browser)
        kept, attempt = row.value.sign_in, row.value
        if kept is None:
            raise Refusal("attempt_unknown")
        row = self._advance(row, _idle(attempt))
        flow = self._flows.decrypt(kept, row.partition, row.key, attempt)
        try:
            person = self._sign_in.finish(flow, answer)
        except Refusal as refusal:
            self._refused(row, state, refusal.reason, None)
            raise
        proof, reason = AdminProof(person.tenant_id, person.object_id), objection(person, row.value)
        if reason is not None:
            self._refused(row, state, reason, proof)
            raise Refusal(reason)
        following = state.fresh()
        approving = replace(row.value, step=LinkStep.APPROVING, reason=None, refused_tenant_id=None, proof=proof)
        self._advance(row, replace(approving, state_hash=hashed(following.secret), browser_hash=hashed(browser)))
        self._audit(state.org, _actor(proof), "activation_link.admin_proven", state.link_id, person.tenant_id)
        return self._sign_in.consent_url(person.tenant_id, f"{self._public_url}/callback/consent", str(following))

    def consented(self, answer: Mapping[str, str], browser: str) -> Tenant:
        """The tenant that is connected now. Raises `Refusal`; nothing is connected then."""
        state, row = self._attempt(answer, browser)
        link, proof = row.value, row.value.proof
        if proof is None or link.sign_in is not None:
            raise Refusal("attempt_unknown")
        reason = consent_objection(answer, proof)
        if reason is not None:
            self._refused(self._advance(row, _idle(link)), state, reason, proof)
            raise Refusal(reason)
        # From here on nobody can revoke it; a stop half-way is resumed by the same answer coming again.
        row = self._advance(row, replace(link, step=LinkStep.APPROVED))
        tenant = self._connect(state.org, link, proof)
        self._advance(row, replace(_idle(link), step=LinkStep.CONNECTED, tenant_id=tenant.id))
        self._audit(state.org, _actor(proof), "tenant.connected", tenant.id, state.link_id)
        return tenant

    def _connect(self, org: str, link: ActivationLink, proof: AdminProof) -> Tenant:
        """Record the tenant and ask for its directory to be read. Doing it twice is doing it once."""
        tenant = Tenant(
            id=proof.tenant_id,
            status=TenantStatus.CONNECTING,
            consented_by=proof.object_id,
            consented_at=self._now(),
            expected_domains=link.expected_domains,
        )
        self._tables.tenants.put(org, tenant.id, tenant)
        self._queues.send(DirectorySync(org, tenant.id, self._now()))
        return tenant

    def _opened(self, token: str) -> tuple[Ticket, Row[ActivationLink]]:
        ticket = Ticket.parse(token)
        row = self._tables.activations.get(ticket.org, ticket.link_id)
        if row is None or not ticket.opens(row.value.token_hash):
            raise Refusal("link_unknown")
        if not row.value.is_open(self._now()):
            raise Refusal(closed_because(row.value))
        return ticket, row

    def _attempt(self, answer: Mapping[str, str], browser: str) -> tuple[Ticket, Row[ActivationLink]]:
        """The attempt that this answer continues: the right state, in the right browser, on a link still open."""
        state = Ticket.parse(answer.get("state", ""))
        row = self._tables.activations.get(state.org, state.link_id)
        if row is None or not state.opens(row.value.state_hash):
            raise Refusal("attempt_unknown")
        if row.value.browser_hash is None or not hmac.compare_digest(hashed(browser), row.value.browser_hash):
            raise Refusal("attempt_unknown")
        if not row.value.is_open(self._now()):
            raise Refusal(closed_because(row.value))
        return state, row

    def _refused(self, row: Row[ActivationLink], state: Ticket, reason: str, who: AdminProof | None) -> None:
        """Keep why, and whose attempt it was where an ID token has proven that."""
        tenant = who.tenant_id if who else None
        refused = replace(row.value, step=LinkStep.REFUSED, reason=reason, refused_tenant_id=tenant, proof=None)
        self._advance(row, refused)
        actor = _actor(who) if who else "microsoft"
        self._audit(state.org, actor, "activation_link.refused", state.link_id, reason)

    def _advance(self, row: Row[ActivationLink], link: ActivationLink) -> Row[ActivationLink]:
        """Write the link's next step over exactly the one that was read: of two at once, one is refused."""
        try:
            return self._tables.activations.replace(row, link)
        except EntityChanged:
            raise Refusal("attempt_unknown") from None

    def _audit(self, org: str, actor: str, action: str, subject: str, detail: str | None = None) -> None:
        self._tables.audit.record(org, Entry(self._now(), actor, action, subject, detail))


def consent_objection(answer: Mapping[str, str], proof: AdminProof) -> str | None:
    """Why a consent callback does not count. `error` comes first: Microsoft sends `admin_consent=True` even then."""
    if "error" in answer:
        return "consent_declined"
    if answer.get("tenant", "").lower() != proof.tenant_id or answer.get("admin_consent", "").lower() != "true":
        return "consent_mismatch"
    return None


def closed_because(link: ActivationLink) -> str:
    """Why a link that is no longer open is not."""
    reasons = {LinkStep.CONNECTED: "link_used", LinkStep.REVOKED: "link_revoked"}
    return reasons.get(link.step, "link_expired")


def _idle(link: ActivationLink) -> ActivationLink:
    """The link with no attempt under way."""
    return replace(link, browser_hash=None, state_hash=None, sign_in=None)


def _actor(proof: AdminProof) -> str:
    return f"microsoft:{proof.object_id}"
