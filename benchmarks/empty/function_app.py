"""The least a function can do, for comparison: an app of its own on the same host."""

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("empty", methods=["GET", "POST"])
def empty(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the trigger's name
    """Answer, having done nothing."""
    return func.HttpResponse(status_code=202)


@app.route("enqueue/{count}", methods=["POST"])
@app.queue_output("messages", queue_name="benchmark", connection="AzureWebJobsStorage")
def enqueue(req: func.HttpRequest, messages: func.Out[str]) -> func.HttpResponse:
    """Put as many constant messages into a queue as the address says, through the output binding."""
    messages.set(["x" * 900] * int(req.route_params["count"]))  # type: ignore[arg-type]
    return func.HttpResponse(status_code=202)
