"""Microsoft's own libraries, unmodified, against the simulator."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential

from local.certificates import Certificates
from local.microsoft.registration import CLIENT_ID
from local.microsoft.remote import Microsoft
from local.microsoft.sample import CONTOSO
from local.microsoft.server import Simulator
from local.microsoft.world import World

from .conftest import ADELE, DEFAULT_SCOPE

with warnings.catch_warnings():
    # The generated code warns about itself while it is imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.users.delta.delta_request_builder import DeltaRequestBuilder
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder

pytestmark = pytest.mark.filterwarnings("ignore:This class is deprecated:DeprecationWarning")


@pytest.fixture
def credential(microsoft: Simulator, certificates: Certificates) -> Iterator[CertificateCredential]:
    made = CertificateCredential(
        CONTOSO,
        CLIENT_ID,
        str(certificates.client),
        authority=microsoft.https_url,
        disable_instance_discovery=True,
        connection_verify=str(certificates.ca),
    )
    yield made
    made.close()


@asynccontextmanager
async def sdk(microsoft: Simulator, credential: CertificateCredential) -> AsyncIterator[GraphServiceClient]:
    """The SDK with its real middleware, pointed at the simulator."""
    provider = AzureIdentityAuthenticationProvider(credential, scopes=DEFAULT_SCOPE, allowed_hosts=["localhost"])
    async with httpx.AsyncClient() as client:
        adapter = GraphRequestAdapter(provider, client=client)
        adapter.base_url = f"{microsoft.https_url}/v1.0"
        yield GraphServiceClient(request_adapter=adapter)


def test_azure_identity_gets_a_token(consented: None, credential: CertificateCredential) -> None:
    token = credential.get_token(*DEFAULT_SCOPE)
    assert token.token.count(".") == 2


def test_azure_identity_explains_a_missing_consent(credential: CertificateCredential) -> None:
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000229"):
        credential.get_token(*DEFAULT_SCOPE)


def test_the_sdk_pages_through_all_users(
    consented: None, microsoft: Simulator, credential: CertificateCredential, world: World
) -> None:
    async def read() -> set[str]:
        async with sdk(microsoft, credential) as client:
            query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(select=["id", "mail"], top=10)
            page = await client.users.get(RequestConfiguration(query_parameters=query))
            seen = set()
            while page is not None:
                seen |= {str(user.id) for user in page.value or ()}
                link = page.odata_next_link
                page = await client.users.with_url(link).get() if link else None
            return seen

    users = world.tenants[CONTOSO].users.values()
    assert asyncio.run(read()) == {user.id for user in users if user.deleted_at is None}


def test_the_sdk_follows_delta_rounds(
    consented: None, microsoft: Simulator, credential: CertificateCredential, remote: Microsoft, world: World
) -> None:
    remote.set_switches(users_delta_page_size=20)

    async def read() -> tuple[set[str], list[str]]:
        async with sdk(microsoft, credential) as client:
            query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(select=["id", "displayName"])
            page = await client.users.delta.get(RequestConfiguration(query_parameters=query))
            seen = set()
            while page is not None and page.odata_next_link:
                seen |= {str(user.id) for user in page.value or ()}
                page = await client.users.delta.with_url(page.odata_next_link).get()
            assert page is not None
            seen |= {str(user.id) for user in page.value or ()}
            remote.change_user(CONTOSO, ADELE, display_name="Adele New")
            page = await client.users.delta.with_url(str(page.odata_delta_link)).get()
            assert page is not None
            return seen, [str(user.display_name) for user in page.value or ()]

    assert asyncio.run(read()) == (set(world.tenants[CONTOSO].users), ["Adele New"])


def test_the_sdk_understands_errors(consented: None, microsoft: Simulator, credential: CertificateCredential) -> None:
    async def read() -> None:
        async with sdk(microsoft, credential) as client:
            await client.users.by_user_id("nobody").get()

    with pytest.raises(ODataError) as raised:
        asyncio.run(read())
    assert raised.value.error is not None
    assert raised.value.error.code == "Request_ResourceNotFound"
