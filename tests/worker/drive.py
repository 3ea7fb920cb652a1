"""The worker's process: `python drive.py FOLDER`. Does what the host and its proxy worker do with the library.

One job a line, JSON, on standard input; one answer a line on standard output:

    {"function": NAME, "inputs": {PARAMETER: {"string" | "json" | "http": ...}}}
    {"status": "Success" | "Failure", "exception": TEXT, "value": {...}}

The first line that it writes is {"functions": {NAME: BINDINGS}, "capabilities": {...}} or {"refused": WHY}. Every
message goes through its wire form, as it would over the stream.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import sys
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import azure_functions_runtime as runtime
from google.protobuf import json_format
from protocol import protos

P = protos()
OUT = sys.stdout


def say(**words: Any) -> None:
    OUT.write(json.dumps(words) + "\n")
    OUT.flush()


def wired(message: Any) -> Any:
    """The message as it comes out at the other end."""
    return type(message).FromString(message.SerializeToString())


def streamed(**content: Any) -> Any:
    message = wired(P.StreamingMessage(request_id=str(uuid.uuid4()), **content))
    return SimpleNamespace(request=message, properties={"host": "127.0.0.1", "protos": P})


async def begin(folder: str) -> dict[str, str]:
    """Function name -> id; ends the process if the worker refuses the app."""
    request = P.WorkerInitRequest(host_version="4.1000.0", function_app_directory=folder)
    started = wired(await runtime.worker_init_request(streamed(worker_init_request=request)))
    if started.result.status != P.StatusResult.Success:
        say(refused=started.result.exception.message)
        raise SystemExit(1)
    asked = P.FunctionsMetadataRequest(function_app_directory=folder)
    told = wired(await runtime.functions_metadata_request(streamed(functions_metadata_request=asked)))
    found = {function.name: function.function_id for function in told.function_metadata_results}
    for function in told.function_metadata_results:
        load = P.FunctionLoadRequest(function_id=function.function_id, metadata=function)
        loaded = wired(await runtime.function_load_request(streamed(function_load_request=load)))
        assert loaded.result.status == P.StatusResult.Success
    bindings = {one.name: [json.loads(raw) for raw in one.raw_bindings] for one in told.function_metadata_results}
    say(functions=bindings, capabilities=dict(started.capabilities))
    return found


def typed(given: dict[str, Any]) -> Any:
    if "http" not in given:
        return P.TypedData(**given)
    http = dict(given["http"])
    body = P.TypedData(bytes=http.pop("body", "").encode())
    return P.TypedData(http=P.RpcHttp(**http, body=body, rawBody=body))


async def invoke(functions: dict[str, str], job: dict[str, Any]) -> None:
    request = P.InvocationRequest(
        invocation_id=str(uuid.uuid4()),
        function_id=functions[job["function"]],
        input_data=[P.ParameterBinding(name=name, data=typed(given)) for name, given in job["inputs"].items()],
        trace_context=P.RpcTraceContext(trace_parent=job.get("trace_parent", "")),
    )
    done = wired(await runtime.invocation_request(streamed(invocation_request=request)))
    value = json_format.MessageToDict(done.return_value, preserving_proto_field_name=True)
    if "body" in value.get("http", {}):
        value["http"]["body"] = base64.b64decode(value["http"]["body"]["bytes"]).decode()
    status = P.StatusResult.Status.Name(done.result.status)
    say(status=status, exception=done.result.exception.message, value=value)


async def main(folder: str) -> None:
    sys.path.append(folder)
    runtime.start_threadpool_executor()
    functions = await begin(folder)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        await invoke(functions, json.loads(line))
    runtime.stop_threadpool_executor()
    _flush()


def _flush() -> None:
    """What is told of the work is sent before the end."""
    from opentelemetry import metrics, trace
    from opentelemetry._logs import get_logger_provider

    for provider in (trace.get_tracer_provider(), metrics.get_meter_provider(), get_logger_provider()):
        if hasattr(provider, "force_flush"):
            provider.force_flush()


if __name__ == "__main__":
    sys.stdout = sys.stderr  # what the app prints is no answer
    logging.getLogger().setLevel(logging.INFO)  # as the proxy worker does
    asyncio.run(main(sys.argv[1]))
