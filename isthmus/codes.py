"""The table of error codes: what each means, what is done about it, how long, and how an on-call person mends it.

AZURE has Azure's codes, OWN those that Isthmus gives itself. A code that is in neither is judged by its HTTP status.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Does = Literal["wait", "retry", "fail"]
DOES: dict[Does, str] = {
    "wait": "something has to settle first: looked at again after the pause",
    "retry": "a fault of the moment: asked for again after the pause; an operation that ended so, once more",
    "fail": "no waiting mends it: the step fails at once",
}


@dataclass(frozen=True)
class Rule:
    """One row.

    meaning: what Azure says by it; mend: what a person does about it, once the step has failed with it
    pause: seconds until the next look, where the service does not say
    patience: seconds after which it is no longer believed to pass, and the step fails with this code; None: the
        step's own deadline
    purge: what Azure keeps soft-deleted under that name is purged first (a secret: recovered)
    """

    code: str
    does: Does
    meaning: str
    mend: str
    pause: float = 10
    patience: float | None = None
    purge: bool = False


LATER = "If it does not pass: see Azure's status page, then retry."
SUPPORT = "Retry. If it comes again, ask Azure's support with the request id."
CONFLICT = "See in the activity log who else writes to it; retry when they are done."
ROLE = "Give the app's identity the permission that the message names: docs/role.md has all that it needs."
CAPACITY = "Choose another vm_size or region, or ask again later."
QUOTA = "Ask for more quota in this region, free some, or choose another region, SKU or capacity."
OFFERED = "Leave `model` out to have one chosen, or choose one that the region still offers for new deployments."
IMAGE = "Choose an image that needs no marketplace plan."
USED = "See in the portal who else uses it, and remove that first."
VAULT = "Give the app's identity Key Vault Secrets Officer on its vault (a VM's: see its role assignment)."
REPORT = "This is a fault of Isthmus: please report it with the request id."

AZURE: tuple[Rule, ...] = (
    # Too many, or not now.
    Rule("TooManyRequests", "retry", "Throttled.", LATER, pause=20),
    Rule("SubscriptionRequestsThrottled", "retry", "The subscription's reads or writes are throttled.", LATER,
         pause=30),
    Rule("InternalServerError", "retry", "A fault of Azure's own.", SUPPORT, pause=15),
    Rule("InternalExecutionError", "retry", "A fault of Azure's compute service.", SUPPORT, pause=15),
    Rule("OperationTimedOut", "retry", "Azure's own time for it ran out.", SUPPORT, pause=15),
    Rule("ServiceUnavailable", "retry", "The service is not up.", LATER, pause=15),
    Rule("ServerTimeout", "retry", "The service took too long.", LATER),
    Rule("GatewayTimeout", "retry", "The service behind ARM took too long.", LATER),
    Rule("BadGateway", "retry", "The service behind ARM did not answer.", LATER),
    Rule("ServiceRequestError", "retry", "No connection to the service came about.",
         "Look at the app's DNS, outbound rules and proxy; then retry."),
    Rule("ServiceResponseError", "retry", "The connection broke before the answer had come.",
         "Look at the app's outbound rules and proxy; then retry."),
    Rule("ClientAuthenticationError", "retry", "No token for the app's identity.",
         "See that the app's managed identity is there and that AZURE_CLIENT_ID names it.", patience=300),
    Rule("CredentialUnavailableError", "retry", "No token for the app's identity.",
         "See that the app's managed identity is there and that AZURE_CLIENT_ID names it.", patience=300),
    Rule("ExpiredAuthenticationToken", "retry", "The token ran out on its way.", LATER, pause=2, patience=300),
    # What settles by itself.
    Rule("RetryableError", "wait", "Something that it needs is still being made.", CONFLICT),
    Rule("ReferencedResourceNotProvisioned", "wait", "Something that it needs is still being made.", CONFLICT),
    Rule("AnotherOperationInProgress", "wait", "Another write in the same network is under way.", CONFLICT),
    Rule("RequestConflict", "wait", "Another write on the same account is under way; a purge is settling.", CONFLICT,
         pause=15),
    Rule("Conflict", "wait", "Another write is under way.", CONFLICT, pause=15),
    Rule("ConflictError", "wait", "Another write on the vault is under way, or its name is soft-deleted.", CONFLICT,
         pause=15, patience=300),
    Rule("AccountProvisioningStateInvalid", "wait", "The account says Succeeded and is not settled yet.", LATER),
    Rule("PrincipalNotFound", "wait", "A new identity is not known everywhere yet.", LATER, patience=600),
    Rule("RoleAssignmentUpdateNotPermitted", "wait", "An assignment of a former identity is in the way; it is taken "
         "away first.", "Delete the stale role assignment on the secret, then retry.", pause=5, patience=120),
    Rule("ResourceGroupNotFound", "wait", "A new group is not known everywhere yet.",
         "Somebody deleted the group: delete the environment and ask again.", pause=5, patience=300),
    Rule("DeploymentNotFound", "wait", "A new model deployment is not known everywhere yet.",
         "Somebody deleted the deployment: retry.", pause=5, patience=300),
    Rule("ResourceGroupBeingDeleted", "wait", "The group is being deleted.",
         "Somebody deletes the group: delete the environment and ask again.", pause=15),
    Rule("InUseSubnetCannotBeDeleted", "wait", "Something still stands in the subnet; the interface of a deleted "
         "private endpoint lingers.", USED, pause=15),
    Rule("NicInUse", "wait", "The interface is still at a VM.", USED),
    Rule("NicReservedForAnotherVm", "wait", "The interface is kept for a deleted VM for 180 seconds.", USED, pause=60),
    Rule("CannotDeleteResource", "wait", "Something below it is still there: links of a zone, deployments of an "
         "account.", USED, pause=15),
    Rule("OperationNotAllowed", "wait", "It is marked for deletion, or something else has to end first. (Of a quota "
         "that is used up, see QuotaExceeded.)", CONFLICT, pause=15),
    Rule("ForbiddenByRbac", "wait", "A new role does not let in yet; that takes up to ten minutes.", VAULT,
         patience=600),
    Rule("ObjectIsBeingDeleted", "wait", "The secret of that name is being deleted.", LATER),
    Rule("ObjectIsBeingRecovered", "wait", "The secret of that name is being recovered.", LATER),
    Rule("ResourceGroupDeletionBlocked", "wait", "Something in the group can't be deleted yet, or for good.",
         "Remove what the message names, then delete again; the cleanup also tries again by itself.", pause=15,
         patience=600),
    # What Azure keeps of something deleted.
    Rule("FlagMustBeSetForRestore", "wait", "An account of that name is soft-deleted: it is purged first.",
         "Purge the soft-deleted account, then retry.", pause=30, patience=600, purge=True),
    Rule("CustomDomainInUse", "fail", "The subdomain is taken. By a soft-deleted account of ours: it is purged first.",
         "The subdomain belongs to somebody else: choose another environment name.", purge=True),
    Rule("ObjectIsDeletedButRecoverable", "wait", "A secret of that name is soft-deleted: it is recovered first.",
         "Recover or purge the soft-deleted secret, then retry.", pause=5, patience=120, purge=True),
    # What no waiting mends.
    Rule("AuthorizationFailed", "fail", "The app's identity may not do it.", ROLE),
    Rule("LinkedAuthorizationFailed", "fail", "The app's identity may not use another resource that it names.", ROLE),
    Rule("RequestDisallowedByPolicy", "fail", "A policy of the landing zone forbids it.",
         "Ask for an exemption from the policy that the message names, or bring your own network parts."),
    Rule("ScopeLocked", "fail", "A lock forbids it.", "Remove the lock that the message names, then ask again."),
    Rule("InsufficientQuota", "fail", "The model's quota is used up; the message has current, limit and need.", QUOTA),
    Rule("QuotaExceeded", "fail", "A quota is used up, of cores for example.", QUOTA),
    Rule("PublicIPCountLimitReached", "fail", "The region's public IP addresses are used up.",
         "Ask for more public IP addresses in this region."),
    Rule("ResourceGroupQuotaExceeded", "fail", "The subscription has all the groups that it may have.",
         "Delete groups that nobody needs, or use another subscription."),
    Rule("RoleAssignmentLimitExceeded", "fail", "The subscription has all the role assignments that it may have.",
         "Remove assignments whose principal is gone, or use another subscription."),
    Rule("SkuNotAvailable", "fail", "The region has no VM of that size for this subscription.",
         "Choose another vm_size or region."),
    Rule("AllocationFailed", "fail", "The region has no room for it at present.", CAPACITY),
    Rule("ZonalAllocationFailed", "fail", "The zone has no room for it at present.", CAPACITY),
    Rule("OverconstrainedAllocationRequest", "fail", "The region has no room for it at present.", CAPACITY),
    Rule("OSProvisioningTimedOut", "fail", "The VM was made and never booted.",
         "Read its boot diagnostics; choose another image, or retry."),
    Rule("VMExtensionProvisioningError", "fail", "The VM's agent could not run the program.",
         "Read its boot diagnostics, then retry."),
    Rule("ServiceModelDeprecated", "fail", "The model is retired for new deployments.", OFFERED),
    Rule("ServiceModelDeprecating", "fail", "The model takes no new deployments any more.", OFFERED),
    Rule("DeploymentModelNotSupported", "fail", "The region does not offer that model, version and SKU.", OFFERED),
    Rule("PropertyChangeNotAllowed", "fail", "It is there with another value, which can't be changed in place.",
         "Delete the environment and ask again."),
    Rule("PlatformImageNotFound", "fail", "The image, or its version, is gone.", "Choose another image."),
    Rule("VMMarketplaceInvalidInput", "fail", "The image takes a marketplace plan.", IMAGE),
    Rule("ResourcePurchaseValidationFailed", "fail", "The image takes a marketplace plan.", IMAGE),
    Rule("SubscriptionNotFound", "fail", "The subscription is not there for this identity.",
         "See AZURE_SUBSCRIPTION_ID in the app's settings."),
    Rule("MissingSubscriptionRegistration", "fail", "The subscription is not registered for the resource provider.",
         "Run `az provider register` for the namespace that the message names."),
    Rule("InvalidRequestContent", "fail", "Azure does not understand the request.", REPORT),
    Rule("OperationFailed", "fail", "An operation failed, and Azure did not say why.", SUPPORT),
)  # fmt: skip

UNKNOWN_TRANSIENT = Rule("", "retry", "Any other code with status 408, 425, 429 or 5xx, or no answer.", LATER)
UNKNOWN = Rule("", "fail", "Any other code.", "Look the code up in Azure's documentation; retry when it is mended.")


@dataclass(frozen=True)
class Own:
    """A code that Isthmus gives itself."""

    code: str
    meaning: str
    mend: str


OWN: tuple[Own, ...] = (
    Own("PreflightFailed", "Something stands against it that can be known before anything is built.",
        "The message has every finding with its mend."),
    Own("DeadlineExceeded", "A step was not ready in its time; the message tells what was last seen.",
        "Mend what was last seen; retry."),
    Own("NotAsWanted", "It was written twice and still is not as the plan wants it.",
        "A policy or somebody else changes it: look at its activity log."),
    Own("NotOurs", "Name, tags and record don't agree that it is this environment's: it is left alone.",
        "Look at whose it is; if it is nobody's, delete it by hand."),
    Own("PrivateEndpointNotApproved", "The account's side did not approve the connection.",
        "Give the app's identity privateEndpointConnectionsApproval/action on the account."),
    Own("NotReserved", "The vault has no place for a secret of this environment: somebody deleted it.",
        "Delete the environment and ask again."),
    Own("TicketMissing", "Tickets that came with the request can't be issued again.", "Retry with new tickets."),
    Own("OckamFailed", "The `ockam` command did not do it.",
        "See that the app has the identity of an enrolled administrator of the project: docs/tickets.md."),
    Own("RunCommandFailed", "A program could not be run in a VM.", "Read the VM's boot diagnostics; retry."),
    Own("SecretInOutput", "A program in a VM printed the API key; what it printed was dropped.",
        "Delete the environment, which ends the key; look at who could change the VM."),
    Own("ProofFailed", "A check of the proof failed: the environment is not what it should be.",
        "Read the evidence of the checks that the message names."),
    Own("NoProof", "The plan has no proof, and nothing is ready without one.", REPORT),
    Own("RecordMissing", "The environment's record is not there.", "See whether somebody emptied the app's storage."),
    Own("Stopped", "The environment is being stopped; the step was not begun.", "Nothing: it was asked for."),
    Own("InternalError", "A fault of Isthmus itself.", "Its log has the details under the step's name; report it."),
)  # fmt: skip
