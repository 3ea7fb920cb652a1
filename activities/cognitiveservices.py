"""Azure OpenAI: the account, which Azure keeps soft-deleted until it is purged, and the model deployment."""

from __future__ import annotations

from activities.arm import Resource, remember
from activities.cloud import begin, get, retry_after
from activities.steps import Request
from isthmus.outcomes import Outcome, pending


def _purge(request: Request) -> Outcome | None:
    """A deleted account keeps its name and subdomain taken for 48 hours unless it is purged."""
    deleted = request.cloud.cognitive.deleted_accounts
    where = (request.step["wanted"]["location"], *request.names)
    if get(deleted.get, *where) is None:
        return None
    answer = begin(deleted.begin_purge, *where)
    remember(request, answer, "remove")
    return pending("asked to be purged", retry_after(answer.headers), wrote=True)


KINDS = {
    "openai_account": Resource(
        lambda cloud: cloud.cognitive.accounts,
        put="begin_create",
        outputs={"endpoint": "properties.endpoint"},
        afterwards=_purge,
    ),
    "model_deployment": Resource(lambda cloud: cloud.cognitive.deployments),
}
