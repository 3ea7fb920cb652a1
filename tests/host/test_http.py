"""HTTP triggers, by functions-bindings-http-webhook-trigger and the reference of ASP.NET Core's route templates."""

from __future__ import annotations

from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.host.driver import Host


def test_route_parameters_query_headers_and_body_reach_the_function(host: Host) -> None:
    answer = host.call("POST", "/api/plain/razor/7?a=1&b=x%20y", b"\x00\xff", headers={"X-Word": "Ockham"})
    assert answer.status == 201
    assert answer.headers["x-back"] == "yes"
    assert answer.json() == {
        "method": "POST",
        "word": "razor",
        "number": "7",
        "query": {"a": "1", "b": "x y"},
        "body": "\x00\xff",
        "header": "Ockham",
    }


def test_an_optional_parameter_may_be_left_out(host: Host) -> None:
    assert host.call("GET", "/api/plain/razor").json()["number"] is None


def test_a_constraint_that_does_not_hold_is_404(host: Host) -> None:
    assert host.call("GET", "/api/plain/razor/seven").status == 404


def test_an_unknown_route_is_404_and_so_is_another_method(host: Host) -> None:
    """Azure answers 404, not 405, to a method that is not declared: azure-functions-host #10098; for HEAD, #11625."""
    assert host.call("GET", "/api/nowhere").status == 404
    for method in ("DELETE", "HEAD", "OPTIONS"):
        assert host.call(method, "/api/plain/razor").status == 404


def test_a_function_without_methods_takes_them_all(host: Host) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
        assert host.call(method, "/api/nothing").status == 204


def test_a_literal_goes_before_a_parameter_wherever_it_is_declared(host: Host) -> None:
    assert host.call("GET", "/api/plain/literal").text == "the literal one"
    assert host.call("POST", "/api/plain/literal").json()["word"] == "literal"


def test_case_and_a_slash_at_the_end_do_not_count(host: Host) -> None:
    assert host.call("GET", "/API/Plain/Razor/").json()["word"] == "Razor"


def test_a_catch_all_takes_slashes_and_may_be_empty(host: Host) -> None:
    assert host.call("GET", "/api/files/a/b%20c%2Fd").json() == {"path": "a/b c%2Fd"}
    assert host.call("GET", "/api/files").json() == {}


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("4/abc.md", {"size": "4", "name": "abc", "kind": "md", "page": "1"}),
        ("9/ab.txt/7", {"size": "9", "name": "ab", "kind": "txt", "page": "7"}),
        ("10/abc.md", None),
        ("4/abcde.md", None),
        ("4/abc.pdf", None),
    ],
)
def test_constraints_with_arguments_hold(host: Host, path: str, parameters: dict[str, str] | None) -> None:
    answer = host.call("GET", f"/api/sizes/{path}")
    assert (answer.json() if answer.status == 200 else None) == parameters


def test_what_is_sent_twice_is_one_value_with_commas_and_an_empty_query_value_is_left_out(host: Host) -> None:
    """Host.Script.Grpc's ToRpcHttp, which is where Python's worker gets its requests from."""
    connection = HTTPConnection(urlsplit(host.url).netloc)
    connection.putrequest("GET", "/api/plain/razor?a=1&b=&a=2")
    connection.putheader("X-Word", "one")
    connection.putheader("X-Word", "two")
    connection.endheaders()
    with connection.getresponse() as answer:
        shown = answer.read().decode()
    connection.close()
    assert '"query": {"a": "1,2"}' in shown
    assert '"header": "one,two"' in shown


def test_a_form_and_its_files_can_be_read(host: Host) -> None:
    part = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
    body = part.format("word", "", "razor") + part.format("file", '; filename="f.txt"', "inside") + "--x--\r\n"
    answer = host.call("POST", "/api/form", body.encode(), headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.json() == ["razor", "inside"]


def test_no_result_is_204_and_one_that_is_no_answer_500(host: Host) -> None:
    assert host.call("GET", "/api/nothing").status == 204
    assert host.call("GET", "/api/no-answer").status == 500


def test_several_cookies_are_several_headers(host: Host) -> None:
    connection = HTTPConnection(urlsplit(host.url).netloc)
    connection.request("GET", "/api/cookies")
    with connection.getresponse() as answer:
        assert answer.headers.get_all("Set-Cookie") == ["a=1; Path=/", "b=2; HttpOnly"]
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    connection.close()


def test_bytes_come_back_as_they_are(host: Host) -> None:
    answer = host.call("GET", "/api/bytes")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Length"] == "256"


def test_an_exception_is_500_and_tells_the_caller_nothing(host: Host) -> None:
    answer = host.call("GET", "/api/broken")
    assert answer.status == 500
    assert "secret of the house" not in answer.text


def test_a_function_may_ask_for_its_context(host: Host) -> None:
    assert host.call("GET", "/api/who").text == "who"
