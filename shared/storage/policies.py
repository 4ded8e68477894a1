"""Policies in Table Storage: one row per organization; an organization without one has the usual policy."""

from __future__ import annotations

from collections.abc import Callable

from azure.data.tables import TableServiceClient

from shared.model import Policy
from shared.storage.table import MOST_PARTS, Table

KEY = "policy"


class Policies:
    """What organizations allow."""

    def __init__(self, service: TableServiceClient) -> None:
        self._table = Table(service, "Organizations", Policy, parts=MOST_PARTS)

    def of(self, org: str) -> Policy:
        """The organization's policy."""
        row = self._table.get(org, KEY)
        return row.value if row else Policy()

    def change(self, org: str, decide: Callable[[Policy], Policy]) -> Policy:
        """Change the policy, whoever else does so meanwhile; what it is then."""
        after = self._table.change(org, KEY, lambda known: decide(known or Policy()))
        return after or Policy()
