"""Microsoft.Authorization: role assignments and role definitions, at any scope down to a single secret."""

from __future__ import annotations

import re
import uuid

from localcloud.azure import bodies, ids, latencies, shapes
from localcloud.azure.arm import Call, check_version
from localcloud.azure.clock import iso
from localcloud.azure.errors import NotFound, Refusal
from localcloud.azure.model import Answer, Cloud, Json
from localcloud.azure.rbac import Assignment, Role

VERSIONS = ("2022-04-01", "2020-04-01-preview", "2018-01-01-preview", "2022-05-01-preview")
TYPE = "Microsoft.Authorization/roleAssignments"


def assignments(call: Call) -> Answer:
    """The list at a scope: made at it, above it, and (without `atScope()`) below it."""
    check_version(call, TYPE, VERSIONS)
    scope = call.captured["scope"]
    call.demand(f"{TYPE}/read", scope)
    condition = call.query.get("$filter", "")
    principal = re.search(r"(?:principalId eq |assignedTo\()'([^']+)'", condition)
    found = [
        shown(call.cloud, assignment)
        for assignment in call.cloud.access.assignments.values()
        if (
            ids.within(scope, assignment.scope)
            or ("atScope()" not in condition and ids.within(assignment.scope, scope))
        )
        and (principal is None or assignment.principal == principal[1])
    ]
    return Answer(200, {"value": found})


def assignment(call: Call) -> Answer:
    check_version(call, TYPE, VERSIONS)
    scope, name = call.captured["scope"], call.captured["name"]
    verb = {"GET": "read", "DELETE": "delete"}.get(call.method, "write")
    call.demand(f"{TYPE}/{verb}", scope)
    key = ids.key(call.path)
    found = call.cloud.access.assignments.get(key)
    if call.method == "PUT":
        return _create(call, scope, name, found)
    if call.method == "DELETE":
        call.cloud.access.assignments.pop(key, None)
        return Answer(200, shown(call.cloud, found)) if found else Answer(204)
    if found is None:
        raise NotFound("RoleAssignmentNotFound", f"The role assignment '{name}' is not found.")
    return Answer(200, shown(call.cloud, found))


def _create(call: Call, scope: str, name: str, found: Assignment | None) -> Answer:
    cloud = call.cloud
    properties: Json = shapes.clean(bodies.ROLE_ASSIGNMENT, call.json)["properties"]
    _check(call, scope, name, properties)
    role, principal = properties["roleDefinitionId"], properties["principalId"]
    if found is not None:
        if found.principal != principal or ids.key(found.role) != ids.key(role):
            raise Refusal(
                400,
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            )
        return Answer(200, shown(cloud, found))
    _refuse_twin(cloud, scope, role, principal)
    now = cloud.clock.now()
    made = Assignment(
        name,
        scope,
        role,
        principal,
        properties.get("principalType", "ServicePrincipal"),
        now,
        now + cloud.latency(latencies.ROLE_PROPAGATION) + (call.fate.seconds if call.fate else 0.0),
        call.caller.object_id,
        properties.get("description"),
        properties.get("condition"),
    )
    cloud.access.assignments[ids.key(made.id)] = made
    return Answer(201, shown(cloud, made))


def _check(call: Call, scope: str, name: str, properties: Json) -> None:
    try:
        uuid.UUID(name)
    except ValueError as error:
        raise Refusal(
            400, "InvalidRoleAssignmentId", f"The role assignment ID '{name}' is not valid. It must be a GUID."
        ) from error
    if call.cloud.access.role(properties["roleDefinitionId"]) is None:
        raise NotFound(
            "RoleDefinitionDoesNotExist",
            f"The specified role definition with ID '{properties['roleDefinitionId']}' does not exist.",
        )
    holder = re.sub(r"/secrets/[^/]+$", "", scope, flags=re.IGNORECASE)
    if "/providers/" in holder and call.cloud.get(holder) is None:
        raise NotFound("ResourceNotFound", f"The resource '{holder}' was not found.")
    if "principalType" not in properties:
        _check_replicated(call.cloud, properties["principalId"])


def _check_replicated(cloud: Cloud, principal: str) -> None:
    """Without a type the principal is looked up, in a directory that hears of new ones late."""
    replication = cloud.latency(latencies.PRINCIPAL_REPLICATION)
    for identity in cloud.of("Microsoft.ManagedIdentity/userAssignedIdentities"):
        known = identity.properties["principalId"] == principal
        if known and cloud.clock.now() >= identity.private.get("created", 0.0) + replication:
            return
    raise Refusal(
        400,
        "PrincipalNotFound",
        f"Principal {principal.replace('-', '')} does not exist in the directory {cloud.tenant}. Check that you "
        f"have the "
        "correct principal ID. If you are creating this principal and then immediately assigning a role, this error "
        "might be related to a replication delay. In this case, set the role assignment principalType property to a "
        "value, such as ServicePrincipal, User, or Group.",
    )


def _refuse_twin(cloud: Cloud, scope: str, role: str, principal: str) -> None:
    for other in cloud.access.assignments.values():
        same = ids.key(other.scope) == ids.key(scope) and other.principal == principal
        if same and other.role.rsplit("/", 1)[1].lower() == role.rsplit("/", 1)[1].lower():
            raise Refusal(
                409,
                "RoleAssignmentExists",
                f"The role assignment already exists. The ID of the conflicting role assignment is {other.name}.",
            )


def shown(cloud: Cloud, assignment: Assignment) -> Json:
    when = iso(assignment.created)
    # Azure spells the role's id from the subscription, however it was named.
    definitions = f"/subscriptions/{cloud.subscription}/providers/Microsoft.Authorization/roleDefinitions"
    role = f"{definitions}/{assignment.role.rsplit('/', 1)[1]}"
    return {
        "id": assignment.id,
        "name": assignment.name,
        "type": TYPE,
        "properties": {
            "roleDefinitionId": role,
            "principalId": assignment.principal,
            "principalType": assignment.principal_type,
            "scope": assignment.scope,
            "condition": assignment.condition,
            "description": assignment.description,
            "createdOn": when,
            "updatedOn": when,
            "createdBy": assignment.created_by,
            "updatedBy": assignment.created_by,
        },
    }


def definitions(call: Call) -> Answer:
    check_version(call, "Microsoft.Authorization/roleDefinitions", VERSIONS)
    call.demand("Microsoft.Authorization/roleDefinitions/read", call.captured["scope"])
    wanted = re.search(r"roleName eq '([^']+)'", call.query.get("$filter", ""))
    roles = call.cloud.access.roles.values()
    return Answer(200, {"value": [_role(call, role) for role in roles if wanted is None or role.name == wanted[1]]})


def definition(call: Call) -> Answer:
    check_version(call, "Microsoft.Authorization/roleDefinitions", VERSIONS)
    call.demand("Microsoft.Authorization/roleDefinitions/read", call.captured["scope"])
    role = call.cloud.access.role(call.captured["name"])
    if role is None:
        raise NotFound("RoleDefinitionDoesNotExist", f"The role definition '{call.captured['name']}' does not exist.")
    return Answer(200, _role(call, role))


def _role(call: Call, role: Role) -> Json:
    """As seen from where it is asked for: within a subscription its id begins with that."""
    guid = role.id.rsplit("/", 1)[1]
    within = f"/subscriptions/{call.cloud.subscription}" if call.captured["scope"] else ""
    permission = {
        "actions": list(role.actions),
        "notActions": list(role.not_actions),
        "dataActions": list(role.data_actions),
        "notDataActions": [],
    }
    return {
        "id": f"{within}/providers/Microsoft.Authorization/roleDefinitions/{guid}",
        "name": guid,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": role.name,
            "type": "CustomRole" if role.custom else "BuiltInRole",
            "description": "",
            "assignableScopes": ["/"],
            "permissions": [permission],
        },
    }


def permissions(call: Call) -> Answer:
    """What the caller itself may do at a scope: for a preflight."""
    scope = call.captured["scope"]
    access = call.cloud.access
    held = [
        role
        for a in access.assignments.values()
        if a.principal == call.caller.object_id and ids.within(scope, a.scope) and (role := access.role(a.role))
    ]
    return Answer(200, {"value": [_role(call, role)["properties"]["permissions"][0] for role in held]})
