"""The messages between the Functions host and its workers, as protobuf classes: as many as the worker library uses.

The library brings no messages of its own: it is given them by whoever runs it. Names and numbers are those of
Microsoft's FunctionRpc protocol, so that what is sent here could be sent over its gRPC stream.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, duration_pb2, message_factory, timestamp_pb2

PACKAGE = "AzureFunctionsRpcMessages"
IMPORTS = {"Duration": duration_pb2, "Timestamp": timestamp_pb2}
Field = descriptor_pb2.FieldDescriptorProto
SCALARS = {
    "string": Field.TYPE_STRING,
    "bytes": Field.TYPE_BYTES,
    "bool": Field.TYPE_BOOL,
    "int32": Field.TYPE_INT32,
    "sint64": Field.TYPE_SINT64,
    "double": Field.TYPE_DOUBLE,
}

ENUMS: dict[str, dict[str, dict[str, int]]] = {
    "BindingInfo": {
        "Direction": {"in": 0, "out": 1, "inout": 2},
        "DataType": {"undefined": 0, "string": 1, "binary": 2, "stream": 3},
    },
    "StatusResult": {"Status": {"Failure": 0, "Success": 1, "Cancelled": 2}},
    "RpcHttpCookie": {"SameSite": {"None": 0, "Lax": 1, "Strict": 2, "ExplicitNone": 3}},
    "RpcRetryOptions": {"RetryStrategy": {"exponential_backoff": 0, "fixed_delay": 1}},
}
"""Message -> its enumerations: name -> values."""

ONE_OF = {
    "StreamingMessage": ("content", {*range(4, 40)}),
    "TypedData": ("data", {*range(1, 20)}),
    "ParameterBinding": ("rpc_data", {2}),
    "NullableString": ("string", {1}),
    "NullableBool": ("bool", {1}),
    "NullableDouble": ("double", {1}),
    "NullableTimestamp": ("timestamp", {1}),
}
"""Message -> the name of its choice, and the numbers of the fields that are chosen from."""

MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    # Message -> field -> number and type. [X]: many; {X}: a map from texts; X.Y: an enumeration.
    "StreamingMessage": {
        "request_id": (1, "string"),
        "invocation_request": (4, "InvocationRequest"),
        "invocation_response": (5, "InvocationResponse"),
        "function_load_request": (8, "FunctionLoadRequest"),
        "function_load_response": (9, "FunctionLoadResponse"),
        "worker_init_response": (16, "WorkerInitResponse"),
        "worker_init_request": (17, "WorkerInitRequest"),
        "functions_metadata_request": (29, "FunctionsMetadataRequest"),
        "function_metadata_response": (30, "FunctionMetadataResponse"),
    },
    "WorkerInitRequest": {
        "host_version": (1, "string"),
        "capabilities": (2, "{string}"),
        "worker_directory": (4, "string"),
        "function_app_directory": (5, "string"),
    },
    "WorkerInitResponse": {
        "worker_version": (1, "string"),
        "capabilities": (2, "{string}"),
        "result": (3, "StatusResult"),
        "worker_metadata": (4, "WorkerMetadata"),
    },
    "WorkerMetadata": {
        "runtime_name": (1, "string"),
        "runtime_version": (2, "string"),
        "worker_version": (3, "string"),
        "worker_bitness": (4, "string"),
        "custom_properties": (5, "{string}"),
    },
    "StatusResult": {
        "result": (1, "string"),
        "exception": (2, "RpcException"),
        "status": (4, "StatusResult.Status"),
    },
    "RpcException": {"stack_trace": (1, "string"), "message": (2, "string"), "source": (3, "string")},
    "FunctionsMetadataRequest": {"function_app_directory": (1, "string")},
    "FunctionMetadataResponse": {
        "function_metadata_results": (1, "[RpcFunctionMetadata]"),
        "result": (2, "StatusResult"),
        "use_default_metadata_indexing": (3, "bool"),
    },
    "RpcFunctionMetadata": {
        "directory": (1, "string"),
        "script_file": (2, "string"),
        "entry_point": (3, "string"),
        "name": (4, "string"),
        "bindings": (6, "{BindingInfo}"),
        "is_proxy": (7, "bool"),
        "status": (8, "StatusResult"),
        "language": (9, "string"),
        "raw_bindings": (10, "[string]"),
        "function_id": (13, "string"),
        "managed_dependency_enabled": (14, "bool"),
        "retry_options": (15, "RpcRetryOptions"),
        "properties": (16, "{string}"),
    },
    "RpcRetryOptions": {
        "max_retry_count": (2, "int32"),
        "delay_interval": (3, "Duration"),
        "minimum_interval": (4, "Duration"),
        "maximum_interval": (5, "Duration"),
        "retry_strategy": (6, "RpcRetryOptions.RetryStrategy"),
    },
    "BindingInfo": {
        "type": (2, "string"),
        "direction": (3, "BindingInfo.Direction"),
        "data_type": (4, "BindingInfo.DataType"),
        "properties": (5, "{string}"),
    },
    "FunctionLoadRequest": {"function_id": (1, "string"), "metadata": (2, "RpcFunctionMetadata")},
    "FunctionLoadResponse": {"function_id": (1, "string"), "result": (2, "StatusResult")},
    "InvocationRequest": {
        "invocation_id": (1, "string"),
        "function_id": (2, "string"),
        "input_data": (3, "[ParameterBinding]"),
        "trigger_metadata": (4, "{TypedData}"),
        "trace_context": (5, "RpcTraceContext"),
        "retry_context": (6, "RetryContext"),
    },
    "InvocationResponse": {
        "invocation_id": (1, "string"),
        "output_data": (2, "[ParameterBinding]"),
        "result": (3, "StatusResult"),
        "return_value": (4, "TypedData"),
    },
    "RpcTraceContext": {"trace_parent": (1, "string"), "trace_state": (2, "string"), "attributes": (3, "{string}")},
    "RetryContext": {
        "retry_count": (1, "int32"),
        "max_retry_count": (2, "int32"),
        "exception": (3, "RpcException"),
    },
    "ParameterBinding": {"name": (1, "string"), "data": (2, "TypedData")},
    "TypedData": {
        "string": (1, "string"),
        "json": (2, "string"),
        "bytes": (3, "bytes"),
        "stream": (4, "bytes"),
        "http": (5, "RpcHttp"),
        "int": (6, "sint64"),
        "double": (7, "double"),
    },
    "RpcHttp": {
        "method": (1, "string"),
        "url": (2, "string"),
        "headers": (3, "{string}"),
        "body": (4, "TypedData"),
        "params": (10, "{string}"),
        "status_code": (12, "string"),
        "query": (15, "{string}"),
        "enable_content_negotiation": (16, "bool"),
        "rawBody": (17, "TypedData"),
        "cookies": (19, "[RpcHttpCookie]"),
    },
    "RpcHttpCookie": {
        "name": (1, "string"),
        "value": (2, "string"),
        "domain": (3, "NullableString"),
        "path": (4, "NullableString"),
        "expires": (5, "NullableTimestamp"),
        "secure": (6, "NullableBool"),
        "http_only": (7, "NullableBool"),
        "same_site": (8, "RpcHttpCookie.SameSite"),
        "max_age": (9, "NullableDouble"),
    },
    "NullableString": {"value": (1, "string")},
    "NullableBool": {"value": (1, "bool")},
    "NullableDouble": {"value": (1, "double")},
    "NullableTimestamp": {"value": (1, "Timestamp")},
}


def protos() -> SimpleNamespace:
    """The classes by name, as the worker library expects them."""
    file = descriptor_pb2.FileDescriptorProto(name="functions.proto", package=PACKAGE, syntax="proto3")
    pool = descriptor_pool.DescriptorPool()
    for module in IMPORTS.values():
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
        file.dependency.append(module.DESCRIPTOR.name)
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for enum, values in ENUMS.get(name, {}).items():
            made = message.enum_type.add(name=enum)
            for value, number in values.items():
                made.value.add(name=value, number=number)
        choice, chosen = ONE_OF.get(name, ("", set()))
        if choice:
            message.oneof_decl.add(name=choice)
        for field, (number, kind) in fields.items():
            added = _add(message, field, number, kind)
            if number in chosen:
                added.oneof_index = 0
    pool.Add(file)
    found = {name: pool.FindMessageTypeByName(f"{PACKAGE}.{name}") for name in MESSAGES}
    return SimpleNamespace(**{name: message_factory.GetMessageClass(found[name]) for name in found})


def _add(message: Any, name: str, number: int, kind: str) -> Any:
    if kind.startswith("{"):
        entry = message.nested_type.add(name="".join(part.title() for part in name.split("_")) + "Entry")
        entry.options.map_entry = True
        _add(entry, "key", 1, "string")
        _add(entry, "value", 2, kind[1:-1])
        return message.field.add(
            name=name,
            number=number,
            label=Field.LABEL_REPEATED,
            type=Field.TYPE_MESSAGE,
            type_name=f".{PACKAGE}.{message.name}.{entry.name}",
        )
    label = Field.LABEL_REPEATED if kind.startswith("[") else Field.LABEL_OPTIONAL
    kind = kind.strip("[]")
    if kind in SCALARS:
        return message.field.add(name=name, number=number, label=label, type=SCALARS[kind])
    package = "google.protobuf" if kind in IMPORTS else PACKAGE
    sort = Field.TYPE_ENUM if "." in kind else Field.TYPE_MESSAGE
    return message.field.add(name=name, number=number, label=label, type=sort, type_name=f".{package}.{kind}")
