"""What admins do: to people and their mailboxes in the directory, to the consent, and to the roster."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from local.microsoft import directory
from local.microsoft.registration import CLIENT_ID
from local.microsoft.world import Tenant, User, World
from local.soak.base import NAMES, Base
from local.soak.expectations import addresses_of

WHO = st.sampled_from(NAMES)
NEW_NAMES = st.sampled_from([*NAMES, "new"])


def switch_account(world: World, tenant: Tenant, user: User) -> None:
    """Disable or enable an account."""
    directory.change_user(world, tenant, user, {"account_enabled": not user.account_enabled})


def switch_licence(_: World, __: Tenant, user: User) -> None:
    """Take a licence, or give it back."""
    if user.mailbox:
        directory.remove_license(user)
    else:
        directory.restore_license(user)


def switch_hosting(_: World, __: Tenant, user: User) -> None:
    """Move a mailbox on-premises, or back to the cloud."""
    if user.mailbox:
        user.mailbox.hosted = "cloud" if user.mailbox.hosted == "on_premises" else "on_premises"


def switch_policy(_: World, tenant: Tenant, user: User) -> None:
    """Keep us out of a mailbox with an application access policy, or let us in again."""
    tenant.denied_mailboxes ^= {user.id}


def switch_guest(world: World, tenant: Tenant, user: User) -> None:
    """Make a member of the directory a guest, or the other way round."""
    directory.change_user(world, tenant, user, {"user_type": "Member" if user.user_type == "Guest" else "Guest"})


SWITCHES = {
    "account": switch_account,
    "licence": switch_licence,
    "hosting": switch_hosting,
    "policy": switch_policy,
    "guest": switch_guest,
}
DISMISSALS = {"soft delete": directory.soft_delete, "hard delete": directory.hard_delete}


class PeopleRules(Base):
    """People, mailboxes, consent and roster change."""

    # Directory

    @rule(who=WHO, name=NEW_NAMES, keep=st.booleans())
    def rename(self, who: str, name: str, keep: bool) -> None:
        """Somebody gets another address, unless it is taken."""
        user = self.holder(who)
        taken = self.history.outlook.address(name)
        if user is not None and not any(
            taken in addresses_of(u) for u in self.history.outlook.tenant.users.values() if u is not user
        ):
            self.history.outlook.rename(user, name, keep=keep)

    @rule(who=WHO, what=st.sampled_from([*SWITCHES, *DISMISSALS]))
    def change_person(self, who: str, what: str) -> None:
        """An account, licence, mailbox or policy is switched off, or on again; or somebody is deleted."""
        user = self.holder(who)
        if user is not None:
            change = SWITCHES.get(what) or DISMISSALS[what]
            self.history.outlook.do(lambda: change(*self._place(user)))

    @rule(who=WHO)
    def hire(self, who: str) -> None:
        """Somebody who was deleted is back, or somebody new is there, if nobody has the address."""
        address = self.history.outlook.address(who)
        users = list(self.history.outlook.tenant.users.values())
        if any(address in addresses_of(user) for user in users if user.deleted_at is None):
            return
        deleted = [user for user in users if user.user_principal_name == address]
        if deleted:
            self.history.outlook.do(lambda: directory.restore(*self._place(deleted[0])))
        else:
            self.history.outlook.hire(who)

    # Consent

    @precondition(lambda self: CLIENT_ID in self.history.outlook.tenant.principals)
    @rule(how=st.sampled_from(["deleted", "disabled", "calendars", "directory"]))
    def withdraw(self, how: str) -> None:
        """Consent is taken back, in one of the ways there are."""
        self.history.census.faults[f"consent {how}"] += 1
        principal = self.history.outlook.tenant.principals[CLIENT_ID]
        if how == "deleted":
            self.history.outlook.delete_principal()
        elif how == "disabled":
            self.history.outlook.do(lambda: setattr(principal, "enabled", False))
        else:
            role = "Calendars.ReadWrite" if how == "calendars" else "User.Read.All"
            self.history.outlook.do(lambda: principal.roles.discard(role))

    @rule()
    def consent(self) -> None:
        """Consent is given again."""
        self.history.outlook.consent()

    # Roster

    @rule(name=NEW_NAMES, addresses=st.sets(NEW_NAMES, min_size=1, max_size=2))
    def put_member(self, name: str, addresses: set[str]) -> None:
        """Somebody joins the roster or gets other addresses there."""
        self.history.put_member(name, *map(self.history.outlook.address, sorted(addresses)))

    @precondition(lambda self: self.history.roster)
    @rule(which=st.integers(0, 3))
    def remove_member(self, which: int) -> None:
        """Somebody leaves the roster."""
        names = sorted(self.history.roster)
        self.history.remove_member(names[which % len(names)])

    def _place(self, user: User) -> tuple[World, Tenant, User]:
        return self.history.outlook.world, self.history.outlook.tenant, user
