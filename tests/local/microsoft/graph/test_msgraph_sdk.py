"""Microsoft's own Python SDK and azure-identity, told only the simulator's address, work unmodified."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from tests.local.microsoft.graph.conftest import ADELE, BRUNO, CLIENT, TENANT, UNLICENSED, Graph, Listener

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from azure.identity import CertificateCredential
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
    from kiota_http.kiota_client_factory import KiotaClientFactory
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
    from msgraph.generated.models.event import Event
    from msgraph.generated.models.free_busy_status import FreeBusyStatus
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.models.subscription import Subscription
    from msgraph.generated.users.item.calendar_view.calendar_view_request_builder import CalendarViewRequestBuilder
    from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
    from msgraph_core.requests.batch_request_content import BatchRequestContent
    from msgraph_core.requests.batch_request_item import BatchRequestItem

# The SDK warns about the modules it imports itself, some of them on first use.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

View = CalendarViewRequestBuilder.CalendarViewRequestBuilderGetQueryParameters
Work = Callable[[GraphServiceClient], Awaitable[None]]


@asynccontextmanager
async def sdk(graph: Graph) -> AsyncIterator[GraphServiceClient]:
    """The SDK's client with its default middleware, signed in by certificate."""
    simulator = graph.simulator
    credential = CertificateCredential(
        TENANT,
        CLIENT,
        certificate_path=str(simulator.certificates.client),
        authority=simulator.https_url,
        disable_instance_discovery=True,
        connection_verify=str(simulator.certificates.ca),
    )
    host = urlsplit(simulator.https_url).hostname or ""
    scopes = ["https://graph.microsoft.com/.default"]
    provider = AzureIdentityAuthenticationProvider(credential, scopes=scopes, allowed_hosts=[host])
    client = KiotaClientFactory.create_with_default_middleware()
    adapter = GraphRequestAdapter(provider, client)
    adapter.base_url = f"{simulator.https_url}/v1.0"
    try:
        yield GraphServiceClient(request_adapter=adapter)
    finally:
        await client.aclose()
        credential.close()


@pytest.fixture
def use(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], None]:
    certificates = graph.simulator.certificates
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca))
    graph.world.apps[CLIENT].certificates.append(certificates.client_public.read_bytes())

    async def run(work: Work) -> None:
        async with sdk(graph) as client:
            await work(client)

    return lambda work: asyncio.run(run(work))


def moment(text: str) -> DateTimeTimeZone:
    return DateTimeTimeZone(date_time=text, time_zone="UTC")


def meeting() -> Event:
    return Event(subject="Booking", start=moment("2026-03-10T09:00:00"), end=moment("2026-03-10T10:00:00"))


def test_calendar_view_pages(graph: Graph, use: Callable[[Work], None]) -> None:
    for _ in range(12):
        graph.add_event()

    async def work(client: GraphServiceClient) -> None:
        view = client.users.by_user_id(ADELE).calendar_view
        query = View(start_date_time="2026-03-01T00:00:00Z", end_date_time="2026-04-01T00:00:00Z", select=["start"])
        page = await view.get(RequestConfiguration(query_parameters=query))
        assert len(page.value) == 10
        assert page.value[0].start.date_time == "2026-03-10T09:00:00.0000000"
        rest = await view.with_url(page.odata_next_link).get()
        assert (len(rest.value), rest.odata_next_link) == (2, None)

    use(work)


def test_events_are_created_changed_and_deleted(graph: Graph, use: Callable[[Work], None]) -> None:
    async def work(client: GraphServiceClient) -> None:
        events = client.users.by_user_id(ADELE).events
        created = await events.post(meeting())
        changed = await events.by_event_id(created.id).patch(Event(show_as=FreeBusyStatus.Free))
        assert changed.show_as == FreeBusyStatus.Free
        await events.by_event_id(created.id).delete()
        with pytest.raises(ODataError) as refused:
            await events.by_event_id(created.id).get()
        assert refused.value.error.code == "ErrorItemNotFound"

    use(work)


def test_subscription_is_created_with_its_handshake(
    graph: Graph, listener: Listener, use: Callable[[Work], None]
) -> None:
    async def work(client: GraphServiceClient) -> None:
        wanted = Subscription(
            change_type="created,updated,deleted",
            notification_url=listener.url,
            resource=f"users/{ADELE}/events",
            expiration_date_time=graph.world.clock.now() + timedelta(days=1),
            client_state="secret",
        )
        created = await client.subscriptions.post(wanted)
        assert created.client_state == "secret"
        listed = await client.subscriptions.get()
        assert [item.id for item in listed.value] == [created.id]

    use(work)
    assert len(listener.handshakes) == 1


def test_batch(graph: Graph, use: Callable[[Work], None]) -> None:
    async def work(client: GraphServiceClient) -> None:
        batch = BatchRequestContent()
        for user in (ADELE, BRUNO, UNLICENSED):
            information = client.users.by_user_id(user).calendar.to_get_request_information()
            item = BatchRequestItem(request_information=information, id=user)
            batch.add_request(item.id, item)
        answer = await BatchRequestBuilder(client.request_adapter).post(batch)
        statuses = {user: answer.get_response_by_id(user).status for user in (ADELE, BRUNO, UNLICENSED)}
        assert statuses == {ADELE: 200, BRUNO: 200, UNLICENSED: 404}

    use(work)
