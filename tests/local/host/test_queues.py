from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import azure.functions as func
import pytest
import requests

from local.azurite import Azurite
from local.host import Host, queues
from tests.local.host.conftest import Queue, eventually

CONNECTION = "AzureWebJobsStorage"
RunHost = Callable[..., Host]


def consuming(queue: Queue, act: Callable[[func.QueueMessage], None]) -> func.FunctionApp:
    app = func.FunctionApp()

    @app.queue_trigger(arg_name="message", queue_name=queue.name, connection=CONNECTION)
    def consume(message: func.QueueMessage) -> None:
        act(message)

    return app


def test_a_message_reaches_the_function_with_all_its_fields_and_is_gone(run_host: RunHost, queue: Queue) -> None:
    seen: list[func.QueueMessage] = []
    run_host(consuming(queue, seen.append))
    queue.put_encoded('{"a": "ü"}')
    [message] = eventually(lambda: list(seen))
    assert message.get_json() == {"a": "ü"}
    assert message.dequeue_count == 1
    assert message.id
    assert message.pop_receipt
    assert message.insertion_time <= message.time_next_visible < message.expiration_time
    eventually(lambda: not queue.take())
    time.sleep(0.3)
    assert len(seen) == 1


def test_a_message_that_was_there_before_the_host_is_processed(run_host: RunHost, queue: Queue) -> None:
    seen: list[bytes] = []
    queue.put_encoded("early")
    run_host(consuming(queue, lambda message: seen.append(message.get_body())))
    eventually(lambda: seen == [b"early"])


def test_a_failing_message_is_tried_five_times_and_then_poison(
    run_host: RunHost, queue: Queue, poison: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    counts: list[int] = []

    def fail(message: func.QueueMessage) -> None:
        counts.append(message.dequeue_count)
        raise RuntimeError("always")

    run_host(consuming(queue, fail))
    with caplog.at_level(logging.DEBUG, logger="local.host"):
        queue.put_encoded("s3cret")
        assert eventually(poison.bodies) == ["s3cret"]
    assert counts == [1, 2, 3, 4, 5]
    assert queue.take() == []
    assert "consume failed: RuntimeError" in caplog.text
    assert "s3cret" not in caplog.text


def test_max_dequeue_count_is_obeyed(run_host: RunHost, queue: Queue, poison: Queue) -> None:
    counts: list[int] = []

    def fail(message: func.QueueMessage) -> None:
        counts.append(message.dequeue_count)
        raise RuntimeError("always")

    run_host(consuming(queue, fail), maxDequeueCount=2)
    queue.put_encoded("x")
    eventually(poison.bodies)
    assert counts == [1, 2]


def test_a_failed_message_comes_back_after_the_visibility_timeout(run_host: RunHost, queue: Queue) -> None:
    times: list[float] = []

    def fail_once(_: func.QueueMessage) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            raise RuntimeError("once")

    run_host(consuming(queue, fail_once), visibilityTimeout="00:00:02")
    queue.put_encoded("x")
    eventually(lambda: len(times) == 2)
    assert 1 < times[1] - times[0] < 4  # storage counts in whole seconds


def test_a_message_that_is_not_base64_goes_to_poison_unseen(run_host: RunHost, queue: Queue, poison: Queue) -> None:
    seen: list[object] = []
    run_host(consuming(queue, seen.append))
    queue.put("plain text!")
    [message] = eventually(poison.take)
    assert message.text == "plain text!"
    assert seen == []
    assert queue.take() == []


def test_without_encoding_the_text_is_the_body(run_host: RunHost, queue: Queue) -> None:
    seen: list[bytes] = []
    run_host(consuming(queue, lambda m: seen.append(m.get_body())), messageEncoding="none")
    queue.put("plain <text> & ü")
    eventually(lambda: seen == ["plain <text> & ü".encode()])


def test_no_more_than_batch_size_plus_threshold_run_together(run_host: RunHost, queue: Queue) -> None:
    lock, running, most, done = threading.Lock(), [0], [0], []

    def work(message: func.QueueMessage) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.1)
        with lock:
            running[0] -= 1
        done.append(message.id)

    queue.put_encoded(*(str(number) for number in range(20)))
    run_host(consuming(queue, work), batchSize=4, newBatchThreshold=2)
    eventually(lambda: len(done) == 20)
    assert 4 <= most[0] <= 6
    assert len(set(done)) == 20


def test_a_long_run_keeps_its_message_hidden(run_host: RunHost, queue: Queue) -> None:
    seen: list[int] = []

    def slow(message: func.QueueMessage) -> None:
        seen.append(message.dequeue_count)
        time.sleep(3.5)

    host = run_host(consuming(queue, slow), lease=2)
    queue.put_encoded("x")
    eventually(lambda: seen)
    time.sleep(3)
    host.__exit__(None, None, None)
    assert seen == [1]
    time.sleep(2)
    assert queue.take() == []


def test_stopping_the_host_finishes_and_deletes_what_runs(run_host: RunHost, queue: Queue) -> None:
    began, ended = threading.Event(), threading.Event()

    def slow(_: func.QueueMessage) -> None:
        began.set()
        time.sleep(0.3)
        ended.set()

    host = run_host(consuming(queue, slow), lease=1)
    queue.put_encoded("x")
    began.wait(5)
    host.__exit__(None, None, None)
    assert ended.is_set()
    time.sleep(1.2)
    assert queue.take() == []


def test_a_queue_function_can_be_run_now(run_host: RunHost, queue: Queue) -> None:
    seen: list[bytes] = []
    host = run_host(consuming(queue, lambda message: seen.append(message.get_body())))
    url = f"{host.url}/admin/functions/consume"
    assert requests.post(url, json={"input": "now"}, timeout=5).status_code == 202
    eventually(lambda: seen == [b"now"])
    assert requests.post(url, data="not json", timeout=5).status_code == 400


def sending(queue: Queue, value: object) -> func.FunctionApp:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @app.route("send")
    @app.queue_output(arg_name="out", queue_name=queue.name, connection=CONNECTION)
    def send(req: func.HttpRequest, out: func.Out[object]) -> func.HttpResponse:
        if value is not None:
            out.set(value)
        return func.HttpResponse(status_code=202)

    return app


@pytest.mark.parametrize(
    ("value", "bodies"),
    [
        ("ü", ["ü"]),
        (b"bytes", ["bytes"]),
        (["a", "b", "c"], ["a", "b", "c"]),
        ([], []),
        (None, []),
        ('["one", "string"]', ['["one", "string"]']),
    ],
)
def test_an_output_writes_its_messages(run_host: RunHost, queue: Queue, value: object, bodies: list[str]) -> None:
    host = run_host(sending(queue, value))
    assert requests.get(f"{host.url}/send", timeout=5).status_code == 202
    assert queue.bodies() == bodies


@pytest.mark.parametrize("value", [7, ["a", 7], "x" * 70_000])
def test_an_output_that_cannot_be_written_fails_the_request(run_host: RunHost, queue: Queue, value: object) -> None:
    host = run_host(sending(queue, value))
    assert requests.get(f"{host.url}/send", timeout=5).status_code == 500
    assert queue.take() == []


def test_without_storage_a_request_with_output_fails_and_succeeds_once_it_is_back(queue: Queue) -> None:
    seen: list[bytes] = []
    app = sending(queue, "x")

    @app.queue_trigger(arg_name="message", queue_name=queue.name, connection=CONNECTION)
    def consume(message: func.QueueMessage) -> None:
        seen.append(message.get_body())

    azurite = Azurite()
    with azurite:
        settings = {CONNECTION: azurite.connection_string}
        host = Host(app, {"extensions": {"queues": {"maxPollingInterval": "00:00:00.2"}}}, settings).__enter__()
    assert requests.get(f"{host.url}/api/send", timeout=5).status_code == 500
    with azurite:
        assert requests.get(f"{host.url}/api/send", timeout=5).status_code == 202
        eventually(lambda: seen == [b"x"])
        host.__exit__(None, None, None)


def test_a_failed_function_writes_nothing(run_host: RunHost, queue: Queue) -> None:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @app.route("send")
    @app.queue_output(arg_name="out", queue_name=queue.name, connection=CONNECTION)
    def send(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
        out.set("x")
        raise RuntimeError("after set")

    host = run_host(app)
    assert requests.get(f"{host.url}/send", timeout=5).status_code == 500
    assert queue.take() == []


def test_a_chain_of_queues_does_not_wait_for_the_polling_interval(
    run_host: RunHost, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "SHORTEST_PAUSE", 60.0)
    app, seen = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS), []

    @app.queue_trigger(arg_name="message", queue_name=queue.name, connection=CONNECTION)
    @app.queue_output(arg_name="$return", queue_name=f"{queue.name}-2", connection=CONNECTION)
    def first(message: func.QueueMessage) -> str:
        return message.get_body().decode() + " passed on"

    @app.queue_trigger(arg_name="message", queue_name=f"{queue.name}-2", connection=CONNECTION)
    def second(message: func.QueueMessage) -> None:
        seen.append(message.get_body())

    @app.route("send")
    @app.queue_output(arg_name="out", queue_name=queue.name, connection=CONNECTION)
    def send(req: func.HttpRequest, out: func.Out[str]) -> str:
        out.set("x")
        return "sent"

    host = run_host(app, maxPollingInterval="00:01:00")
    time.sleep(0.3)  # both pollers have looked once and now rest for a minute
    requests.get(f"{host.url}/send", timeout=5)
    eventually(lambda: seen == [b"x passed on"])
