"""One small function per feature of Durable Functions; every orchestrator here is driven over HTTP by the tests."""

import json
import os
import time
from datetime import timedelta
from pathlib import Path

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
RETRY = df.RetryOptions(first_retry_interval_in_milliseconds=50, max_number_of_attempts=3)


def effect(word):
    """Leaves a trace outside, as an activity that does something would."""
    path = os.environ.get("FEATURES_EFFECTS")
    if path:
        with Path(path).open("a") as lines:
            lines.write(word + "\n")


@app.activity_trigger(input_name="what")
def echo(what):
    effect(f"echo {json.dumps(what)}")
    return what


@app.activity_trigger(input_name="number")
async def double(number: int) -> int:
    effect(f"double {number}")
    return 2 * number


@app.activity_trigger(input_name="message")
def fail(message: str) -> str:
    effect(f"fail {json.dumps(message)}")
    raise ValueError(message)


@app.activity_trigger(input_name="spot")
def fail_twice(spot: str) -> str:
    """Fails until it has been tried three times; `spot`: a file that counts."""
    with Path(spot).open("a") as tries:
        tries.write("x")
    if len(Path(spot).read_text()) < 3:
        raise RuntimeError("not yet")
    return "at last"


@app.activity_trigger(input_name="nothing")
def not_json(nothing):
    return {1, 2}


@app.activity_trigger(input_name="seconds")
def dawdle(seconds: float) -> str:
    time.sleep(seconds)
    return "done"


@app.orchestration_trigger(context_name="context")
def hello(context):
    return (yield context.call_activity("echo", context.get_input()))


@app.orchestration_trigger(context_name="context")
def fan_out(context):
    results = yield context.task_all([context.call_activity("double", n) for n in range(context.get_input())])
    return sum(results)


@app.orchestration_trigger(context_name="context")
def batches(context):
    """Fan-outs of 500, one after another; how many results they had in all."""
    total = 0
    for _ in range(context.get_input()):
        total += len((yield context.task_all([context.call_activity("hush", n) for n in range(500)])))
    return total


@app.orchestration_trigger(context_name="context")
def nothing_to_wait_for(context):
    return {"instance": context.instance_id, "parent": context.parent_instance_id}


@app.orchestration_trigger(context_name="context")
def nested(context):
    own = context.call_sub_orchestrator("nothing_to_wait_for", None, f"{context.instance_id}-named")
    plain = context.call_sub_orchestrator("nothing_to_wait_for")
    return (yield context.task_all([own, plain]))


@app.orchestration_trigger(context_name="context")
def catches(context):
    try:
        yield context.call_activity("fail", "a broken cup")
    except Exception as error:
        return f"caught: {error}"


@app.orchestration_trigger(context_name="context")
def breaks(context):
    yield context.call_activity("echo", 1)
    raise ValueError("a broken plate")


@app.orchestration_trigger(context_name="context")
def child_breaks(context):
    yield context.call_sub_orchestrator("breaks")


@app.orchestration_trigger(context_name="context")
def retries(context):
    return (yield context.call_activity_with_retry("fail_twice", RETRY, context.get_input()))


@app.orchestration_trigger(context_name="context")
def retries_in_vain(context):
    try:
        yield context.call_activity_with_retry("fail", RETRY, "for good")
    except Exception:
        return (yield context.call_activity("echo", "gave up"))


@app.orchestration_trigger(context_name="context")
def retries_child(context):
    return (yield context.call_sub_orchestrator_with_retry("retried_child", RETRY, context.get_input()))


@app.orchestration_trigger(context_name="context")
def retried_child(context):
    return (yield context.call_activity("fail_twice", context.get_input()))


@app.orchestration_trigger(context_name="context")
def sleeps(context):
    begun = context.current_utc_datetime
    yield context.create_timer(begun + timedelta(seconds=context.get_input()))
    return (context.current_utc_datetime - begun).total_seconds()


@app.orchestration_trigger(context_name="context")
def waits(context):
    return (yield context.wait_for_external_event("go"))


@app.orchestration_trigger(context_name="context")
def waits_or_gives_up(context):
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=context.get_input()))
    event = context.wait_for_external_event("go")
    winner = yield context.task_any([timer, event])
    if winner is event:
        timer.cancel()
        return f"went: {event.result}"
    return "gave up"


@app.orchestration_trigger(context_name="context")
def old_and_new(context):
    """A task_any over an old timer and a new activity; what comes after it waits for the activity all the same."""
    begun = context.current_utc_datetime
    timer = context.create_timer(begun + timedelta(seconds=0.1))
    yield context.task_any([timer, context.call_activity("echo", "first")])
    winner = yield context.task_any([timer, context.call_activity("dawdle", 0.6)])
    yield context.call_activity("echo", "third")
    waited = (context.current_utc_datetime - begun).total_seconds()
    return {"timer_won": winner is timer, "third_was_late": waited >= 0.6}


@app.orchestration_trigger(context_name="context")
def counts_down(context):
    left = context.get_input()
    context.set_custom_status({"left": left})
    yield context.call_activity("echo", left)
    if left > 0:
        context.continue_as_new(left - 1)
        return None
    return "lift-off"


@app.orchestration_trigger(context_name="context")
def speaks(context):
    context.set_custom_status("listening")
    heard = yield context.wait_for_external_event("word")
    context.set_custom_status({"heard": heard})
    return heard


@app.orchestration_trigger(context_name="context")
def talks_too_much(context):
    context.set_custom_status("x" * 9000)
    yield context.call_activity("echo", 1)


@app.orchestration_trigger(context_name="context")
def knows_itself(context):
    first = [context.new_uuid(), context.new_uuid()]
    replaying_first = context.is_replaying
    yield context.call_activity("echo", 1)
    return {"uuids": first, "replaying": [replaying_first, context.is_replaying], "version": context.version}


@app.orchestration_trigger(context_name="context")
def changes_its_mind(context):
    """Not deterministic on purpose: asks for another name at each replay."""
    path = Path(context.get_input())
    asked = path.exists()
    path.touch()
    yield context.call_activity("double" if asked else "echo", 1)
    yield context.call_activity("echo", 2)


@app.orchestration_trigger(context_name="context")
def changes_its_input(context):
    path = Path(context.get_input())
    asked = path.exists()
    path.touch()
    yield context.call_activity("echo", "second" if asked else "first")
    yield context.call_activity("echo", 2)


@app.orchestration_trigger(context_name="context")
def asks_for_what_is_missing(context):
    yield context.call_activity("no_such_activity", 1)


@app.orchestration_trigger(context_name="context")
def gets_no_json(context):
    yield context.call_activity("not_json")


@app.orchestration_trigger(context_name="context")
def is_too_slow(context):
    yield context.call_activity("dawdle", context.get_input())


@app.activity_trigger(input_name="anything")
def hush(anything) -> None:
    """Leaves no trace, for inputs that are new in every run."""


@app.orchestration_trigger(context_name="context")
def everything(context):
    """Every feature in one history, for the kill sweep."""
    context.set_custom_status("begun")
    yield context.call_activity("echo", "begin")
    doubled = yield context.task_all([context.call_activity("double", n) for n in range(3)])
    yield context.call_activity("hush", [context.new_uuid(), context.current_utc_datetime.isoformat()])
    child = yield context.call_sub_orchestrator("hello", "child", f"{context.instance_id}-child")
    down = yield context.call_sub_orchestrator("counts_down", 2)
    yield context.create_timer(context.current_utc_datetime + timedelta(milliseconds=50))
    caught = []
    for task in (
        lambda: context.call_activity("fail", "once"),
        lambda: context.call_activity_with_retry("fail", RETRY, "thrice"),
        lambda: context.call_sub_orchestrator_with_retry("breaks", RETRY),
    ):
        try:
            yield task()
        except Exception as error:
            caught.append(str(error))
    context.set_custom_status({"caught": len(caught)})
    go = context.wait_for_external_event("go")
    late = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    yield context.task_any([go, late])
    late.cancel()
    last = yield context.task_all(
        [
            context.call_activity("echo", "end"),
            context.call_sub_orchestrator("fan_out", 3, f"{context.instance_id}-fan"),
        ]
    )
    return {"doubled": doubled, "child": child, "down": down, "caught": caught, "go": go.result, "last": last}


@app.route(route="plain/{word}/{number:int?}", methods=["GET", "POST"])
def plain(req: func.HttpRequest) -> func.HttpResponse:
    body = {
        "method": req.method,
        "word": req.route_params["word"],
        "number": req.route_params.get("number"),
        "query": dict(req.params),
        "body": req.get_body().decode("latin-1"),
        "header": req.headers.get("x-word"),
    }
    return func.HttpResponse(json.dumps(body), status_code=201, mimetype="application/json", headers={"x-back": "yes"})


@app.route(route="bytes", methods=["GET"])
def binary(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(bytes(range(256)), mimetype="application/octet-stream")


@app.route(route="broken", methods=["GET"])
def broken(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("the secret of the house")


@app.route(route="who", methods=["GET"])
def who(req: func.HttpRequest, context: func.Context) -> str:
    return context.function_name


@app.route(route="plain/literal", methods=["GET"])
def literal(req: func.HttpRequest) -> str:
    return "the literal one"


@app.route(route="files/{*path}", methods=["GET"])
def files(req: func.HttpRequest) -> str:
    return json.dumps(dict(req.route_params))


@app.route(route="sizes/{size:range(1,9)}/{name:length(2,4)}.{kind:regex(^(txt|md)$)}/{page=1}")
def sizes(req: func.HttpRequest) -> str:
    return json.dumps(dict(req.route_params))


@app.route(route="form", methods=["POST"])
def form(req: func.HttpRequest) -> str:
    return json.dumps([req.form["word"], req.files["file"].read().decode()])


@app.route(route="nothing")
def nothing(req: func.HttpRequest) -> None:
    return None


@app.route(route="no-answer")
def no_answer(req: func.HttpRequest) -> str:
    return {"not": "a response"}


@app.route(route="cookies")
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    answer = func.HttpResponse("<p>&euro;</p>", mimetype="text/html")
    answer.headers.add("Set-Cookie", "a=1; Path=/")
    answer.headers.add("Set-Cookie", "b=2; HttpOnly")
    return answer


@app.route(route="locked/function", auth_level=func.AuthLevel.FUNCTION)
def locked(req: func.HttpRequest) -> str:
    return "in"


@app.route(route="locked/master", auth_level=func.AuthLevel.ADMIN)
def locked_to_all(req: func.HttpRequest) -> str:
    return "in"


@app.route(route="begin/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def begin(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    given = req.get_json()
    instance_id = await client.start_new(req.route_params["name"], given.get("id"), given.get("input"))
    return client.create_check_status_response(req, instance_id)


@app.route(route="client/{method}/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def by_client(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Calls a method of the SDK's client with the instance id and the arguments in the body."""
    method = getattr(client, req.route_params["method"])
    result = await method(req.route_params["id"], *json.loads(req.get_body() or b"[]"))
    shown = result.to_json() if hasattr(result, "to_json") else vars(result) if hasattr(result, "__dict__") else result
    return func.HttpResponse(json.dumps(shown, default=str), mimetype="application/json")


@app.timer_trigger(schedule="%FEATURES_SCHEDULE%", arg_name="timer", run_on_startup=False)
def tick(timer: func.TimerRequest) -> None:
    effect(f"tick {'late' if timer.past_due else 'on time'}")


@app.timer_trigger(schedule="0 0 0 1 1 *", arg_name="timer", run_on_startup=True)
def boots(timer: func.TimerRequest) -> None:
    if os.environ.get("FEATURES_STARTUP"):
        effect("boots")
