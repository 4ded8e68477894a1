"""What an operator calls, with a function key, when the keys of members' tokens rotate."""

from __future__ import annotations

from shared.contract.token_keys import RenewalOutput, TokenKeyList, TokenKeyOutput
from shared.functions.endpoints import Api, Asked, Nothing, Who


def token_keys(api: Api) -> None:
    """Which keys are needed, and bringing all tokens under the newest."""
    services = api.services

    @api.endpoint("GET", "operations/token-keys", Who.OPERATOR, TokenKeyList)
    def list_token_keys(_: Asked[Nothing, None]) -> TokenKeyList:
        """How many members' tokens need which of `TOKEN_KEYS`: one that none needs can be dropped."""
        return TokenKeyList([TokenKeyOutput(*use) for use in services.token_keys.uses()])

    @api.endpoint("POST", "operations/token-keys/renewal", Who.OPERATOR, RenewalOutput)
    def renew_tokens(_: Asked[Nothing, None]) -> RenewalOutput:
        """Encrypt members' tokens with the newest key, up to 1,000 of them; nobody notices."""
        return RenewalOutput(*services.token_keys.renew())
