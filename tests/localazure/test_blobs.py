"""Blob storage through the SDK's own client: conditions, lists, refusals."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobServiceClient

from tests.localazure.direct import Direct
from tests.localazure.world import World


@pytest.fixture
def container(direct: Direct) -> Any:
    """As the app has it."""
    client = direct.cloud.records
    client.create_container()
    return client


def code(refusal: pytest.ExceptionInfo[HttpResponseError]) -> tuple[int | None, str]:
    told: Any = getattr(refusal.value, "error_code", None)
    return refusal.value.status_code, str(getattr(told, "value", told))


def test_a_blob_is_read_as_it_was_written(container: Any) -> None:
    content = "Übung".encode() * 1000
    written = container.upload_blob("a/b.json", content)
    stream = container.download_blob("a/b.json")
    assert stream.readall() == content
    assert stream.properties.etag == written.get_blob_properties().etag
    assert container.download_blob("a/b.json", offset=0, length=5).readall() == content[:5]


def test_an_empty_blob_is_a_blob(container: Any) -> None:
    container.upload_blob("empty", b"")
    assert container.download_blob("empty").readall() == b""


def test_what_is_there_is_not_overwritten_unasked(container: Any) -> None:
    container.upload_blob("a", b"first")
    with pytest.raises(ResourceExistsError) as refusal:
        container.upload_blob("a", b"second")
    assert code(refusal) == (409, "BlobAlreadyExists")
    container.upload_blob("a", b"third", overwrite=True)
    assert container.download_blob("a").readall() == b"third"


def test_of_two_writers_with_the_same_etag_the_second_is_refused(container: Any) -> None:
    etag = container.upload_blob("a", b"first").get_blob_properties().etag
    same: dict[str, Any] = {"overwrite": True, "etag": etag, "match_condition": MatchConditions.IfNotModified}
    container.upload_blob("a", b"second", **same)
    with pytest.raises(ResourceModifiedError) as refusal:
        container.upload_blob("a", b"third", **same)
    assert code(refusal) == (412, "ConditionNotMet")
    assert container.download_blob("a").readall() == b"second"


def test_a_condition_holds_for_deletes_and_reads_too(container: Any) -> None:
    etag = container.upload_blob("a", b"first").get_blob_properties().etag
    with pytest.raises(ResourceModifiedError):
        container.delete_blob("a", etag='"other"', match_condition=MatchConditions.IfNotModified)
    with pytest.raises(HttpResponseError) as unchanged:
        container.download_blob("a", etag=etag, match_condition=MatchConditions.IfModified)
    assert unchanged.value.status_code == 304
    container.delete_blob("a", etag=etag, match_condition=MatchConditions.IfNotModified)


def test_a_condition_on_what_is_not_there_is_not_met(container: Any) -> None:
    with pytest.raises(HttpResponseError) as refusal:
        container.upload_blob("a", b"x", overwrite=True, etag='"any"', match_condition=MatchConditions.IfNotModified)
    assert refusal.value.status_code == 412


def test_a_list_has_what_begins_so(container: Any) -> None:
    for name in ("a/1", "a/2", "b/1", "a&<3"):
        container.upload_blob(name, name.encode())
    assert [blob.name for blob in container.list_blobs(name_starts_with="a/")] == ["a/1", "a/2"]
    assert [blob.name for blob in container.list_blobs()] == ["a&<3", "a/1", "a/2", "b/1"]
    (found,) = container.list_blobs(name_starts_with="b/")
    assert found.size == 3
    assert {item.name for item in container.walk_blobs(delimiter="/")} == {"a&<3", "a/", "b/"}


def test_a_long_list_comes_in_pages(container: Any) -> None:
    names = [f"n{number:02}" for number in range(7)]
    for name in names:
        container.upload_blob(name, b"x")
    pages = [[blob.name for blob in page] for page in container.list_blobs(results_per_page=3).by_page()]
    assert pages == [names[:3], names[3:6], names[6:]]


def test_what_is_not_there_is_not_found(container: Any) -> None:
    for call in (container.download_blob, container.delete_blob):
        with pytest.raises(ResourceNotFoundError) as refusal:
            call("nothing")
        assert code(refusal) == (404, "BlobNotFound")


def test_a_container_is_made_once_and_missing_before(direct: Direct) -> None:
    container = direct.cloud.records
    with pytest.raises(ResourceNotFoundError) as refusal:
        container.upload_blob("a", b"x")
    assert code(refusal) == (404, "ContainerNotFound")
    with pytest.raises(ResourceNotFoundError):
        list(container.list_blobs())
    container.create_container()
    with pytest.raises(ResourceExistsError) as again:
        container.create_container()
    assert code(again) == (409, "ContainerAlreadyExists")
    assert container.get_container_properties().etag
    container.delete_container()
    assert not container.exists()


def test_a_container_s_name_is_checked(direct: Direct) -> None:
    service = direct.cloud.records._get_blob_service_client()
    with pytest.raises(HttpResponseError) as refusal:
        service.create_container("No_Such-Name")
    assert code(refusal) == (400, "InvalidResourceName")


def test_without_the_role_nothing_is_read_or_written(direct: Direct) -> None:
    direct.cloud.records.create_container()
    access, principal = direct.azure.cloud.access, direct.azure.seed.identity.properties["principalId"]
    for key, assignment in list(access.assignments.items()):
        if assignment.principal == principal and assignment.scope == direct.azure.seed.storage.id:
            del access.assignments[key]
    for call in (lambda: direct.cloud.records.upload_blob("a", b"x"), lambda: list(direct.cloud.records.list_blobs())):
        with pytest.raises(HttpResponseError) as refusal:
            call()
        assert code(refusal) == (403, "AuthorizationPermissionMismatch")


def test_without_a_token_the_answer_says_where_to_get_one(direct: Direct) -> None:
    url = f"https://{direct.azure.seed.storage.name}.blob.core.windows.net/isthmus/a"
    answer = direct.send("GET", url, headers={"x-ms-version": "2025-01-05"})
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (401, "NoAuthenticationInformation")
    assert "resource_id=https://storage.azure.com" in answer.headers["WWW-Authenticate"]
    assert answer.text.startswith("<?xml")


def test_it_serves_over_a_real_connection(world: World) -> None:
    url = f"https://{world.azure.seed.storage.name}.blob.core.windows.net"
    with BlobServiceClient(url, world.administrator(), **world.options()) as service:
        container = service.create_container("things")
        container.upload_blob("a", b"x" * 100_000)
        assert container.download_blob("a").readall() == b"x" * 100_000
