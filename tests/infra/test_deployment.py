"""What would be deployed: ARM takes it, it is shut where it can be, and it gives away what it must and no more."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

from isthmus.names import GROUP_PATTERN
from isthmus.permissions import AZURES_ROLES, actions, vault_condition
from tests.infra.bicep import INFRA
from tests.infra.deployments import ASKED, CHOICES, of_type, resources, settings, the
from tests.infra.evaluate import KNOWN_LATER, evaluate
from tests.rules.source import ROOT

SCHEMAS = ROOT.parent / "shared" / "azure-schemas"
EACH = pytest.mark.parametrize("choice", CHOICES)
ASSIGNMENTS, DEFINITIONS = "Microsoft.Authorization/roleAssignments", "Microsoft.Authorization/roleDefinitions"
TYPES = sorted({(one.type, one.version) for choice in CHOICES for one in resources(choice)})
NOT_ON_FLEX = {
    *("ENABLE_ORYX_BUILD", "FUNCTIONS_EXTENSION_VERSION", "FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_WORKER_PROCESS_COUNT"),
    *("SCM_DO_BUILD_DURING_DEPLOYMENT", "WEBSITE_RUN_FROM_PACKAGE", "WEBSITE_CONTENTSHARE", "WEBSITE_VNET_ROUTE_ALL"),
    *("WEBSITE_CONTENTAZUREFILECONNECTIONSTRING", "AzureWebJobsStorage", "APPINSIGHTS_INSTRUMENTATIONKEY"),
}
"""Settings that the plan refuses or ignores, or that would hold a key."""


def without_nulls(value: Any) -> Any:
    """`null` means absent, to ARM."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("kind", "version"), TYPES, ids=[kind for kind, _ in TYPES])
def test_arm_takes_what_is_sent(kind: str, version: str) -> None:
    path = SCHEMAS / f"{kind.replace('/', '.')}.json"
    if not path.exists():
        pytest.skip(f"ARM's schema of {kind} is not here (../shared/azure-schemas)")
    schema = json.loads(path.read_text())
    assert f"{kind}@{version}".lower() == schema["title"].lower()
    for choice in CHOICES:
        for resource in of_type(choice, kind):
            body = {"name": resource.get("name"), **without_nulls(resource.body)}
            wrong = [f"{e.json_path}: {e.message}" for e in Draft202012Validator(schema).iter_errors(body)]
            assert wrong == [], resource.symbol


@EACH
def test_no_two_resources_have_one_id(choice: str) -> None:
    assert [one for one, count in Counter(r.id.lower() for r in resources(choice)).items() if count > 1] == []


@EACH
def test_what_can_bear_tags_bears_those_that_were_asked_for(choice: str) -> None:
    wanted = {**CHOICES[choice].get("tags", {}), "azd-env-name": "demo"}
    tagged = [one for one in resources(choice) if "location" in one.body]
    assert len(tagged) > 8
    assert [one.id for one in tagged if not wanted.items() <= one.body["tags"].items()] == []


@EACH
def test_the_apps_own_group_is_never_taken_for_one_that_isthmus_built(choice: str) -> None:
    for names in (CHOICES[choice], {"environmentName": "isthmus-demo"}):
        made = evaluate(INFRA / "main.bicep", **{**ASKED, **names})[0]
        (group,) = (one for one in made if one.type == "Microsoft.Resources/resourceGroups")
        assert not GROUP_PATTERN.match(group.get("name"))


@EACH
def test_nothing_takes_a_key(choice: str) -> None:
    account = the(choice, "Microsoft.Storage/storageAccounts").body["properties"]
    assert account["allowSharedKeyAccess"] is False
    assert account["allowBlobPublicAccess"] is False
    assert the(choice, "Microsoft.KeyVault/vaults").body["properties"]["enableRbacAuthorization"] is True
    assert the(choice, "Microsoft.Insights/components").body["properties"]["DisableLocalAuth"] is True
    assert the(choice, "Microsoft.OperationalInsights/workspaces").body["properties"]["features"]["disableLocalAuth"]
    policies = of_type(choice, "Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    assert {one.get("name"): one.body["properties"]["allow"] for one in policies} == {"ftp": False, "scm": False}
    containers = of_type(choice, "Microsoft.Storage/storageAccounts/blobServices/containers")
    assert {one.body["properties"]["publicAccess"] for one in containers} == {"None"}


@EACH
def test_the_app_is_published_and_runs_as_its_own_identity(choice: str) -> None:
    app = the(choice, "Microsoft.Web/sites").body
    identity = the(choice, "Microsoft.ManagedIdentity/userAssignedIdentities").id
    assert app["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    storage = app["properties"]["functionAppConfig"]["deployment"]["storage"]
    assert storage["authentication"] == {
        "type": "UserAssignedIdentity",
        "userAssignedIdentityResourceId": identity,
    }
    assert settings(choice)["AZURE_CLIENT_ID"] == KNOWN_LATER["properties.clientId"]
    assert app["properties"]["httpsOnly"] is True


@EACH
def test_nothing_is_set_that_the_plan_refuses(choice: str) -> None:
    """Flex Consumption refuses most of siteConfig (error 51021): what it needs is in functionAppConfig."""
    assert not NOT_ON_FLEX & set(settings(choice))
    assert set(the(choice, "Microsoft.Web/sites").body["properties"]["siteConfig"]) == {"minTlsVersion", "appSettings"}


def given(choice: str) -> dict[tuple[str, str], Any]:
    """(scope, role) -> the assignment, of everything that the app's identity has."""
    found = {}
    for one in of_type(choice, ASSIGNMENTS):
        properties = one.body["properties"]
        if properties["principalId"] == KNOWN_LATER["properties.principalId"]:
            scope = one.id.partition("/providers/Microsoft.Authorization/")[0]
            found[scope.rsplit("/providers/", 1)[-1].rsplit("/", 1)[0], properties["roleDefinitionId"]] = properties
    return found


@EACH
def test_the_identity_has_each_of_its_roles_where_it_needs_it_and_no_other(choice: str) -> None:
    azures = {guid: name for name, guid in AZURES_ROLES.items()}
    own = {one.id: one.body["properties"]["roleName"] for one in of_type(choice, DEFINITIONS)}
    named = {(scope, own.get(role) or azures[role.rsplit("/", 1)[1]]) for scope, role in given(choice)}
    token = the(choice, "Microsoft.KeyVault/vaults").get("name").removeprefix("isthmus-")
    wanted = {
        ("/subscriptions", f"Isthmus provisioner {token}"),
        ("Microsoft.KeyVault/vaults", f"Isthmus vault access {token}"),
        ("Microsoft.KeyVault/vaults", "Key Vault Secrets Officer"),
        ("Microsoft.Storage/storageAccounts", "Storage Blob Data Owner"),
        ("Microsoft.Storage/storageAccounts", "Storage Queue Data Contributor"),
        ("Microsoft.Storage/storageAccounts", "Storage Table Data Contributor"),
        ("Microsoft.Insights/components", "Monitoring Metrics Publisher"),
    }
    if choice == "everything":
        wanted.add(("Microsoft.DurableTask/schedulers", "Durable Task Data Contributor"))
    assert named == wanted
    assert {one["principalType"] for one in given(choice).values()} == {"ServicePrincipal"}


@EACH
def test_the_apps_own_roles_hold_what_its_activities_use(choice: str) -> None:
    roles = {one.symbol: one.body["properties"]["permissions"][0]["actions"] for one in of_type(choice, DEFINITIONS)}
    assert roles == {"provisioner": actions("subscription"), "vaultAccess": actions("vault")}


@EACH
def test_roles_are_given_away_on_the_vault_alone_and_only_the_one(choice: str) -> None:
    conditions = {scope: one.get("condition") for (scope, _), one in given(choice).items() if one.get("condition")}
    assert conditions == {"Microsoft.KeyVault/vaults": vault_condition()}
    may_assign = [
        one
        for one in of_type(choice, DEFINITIONS)
        if any("roleAssignments/write" in action for action in one.body["properties"]["permissions"][0]["actions"])
    ]
    (role,) = may_assign
    (assigned,) = (one for (_, guid), one in given(choice).items() if guid == role.id)
    assert (assigned["condition"], assigned["conditionVersion"]) == (vault_condition(), "2.0")


@pytest.mark.parametrize(("choice", "public"), [("defaults", "Enabled"), ("everything", "Disabled")])
def test_a_private_network_shuts_the_storage_and_leads_everything_there(choice: str, public: str) -> None:
    properties = the(choice, "Microsoft.Storage/storageAccounts").body["properties"]
    assert properties["publicNetworkAccess"] == public
    assert properties["networkAcls"]["defaultAction"] == ("Deny" if public == "Disabled" else "Allow")
    endpoints = of_type(choice, "Microsoft.Network/privateEndpoints")
    reached = {one.body["properties"]["privateLinkServiceConnections"][0]["name"] for one in endpoints}
    assert reached == ({"blob", "queue", "table", "vault"} if public == "Disabled" else set())
    subnet = the(choice, "Microsoft.Web/sites").body["properties"]["virtualNetworkSubnetId"]
    networks = [one.id for one in of_type(choice, "Microsoft.Network/virtualNetworks")]
    assert subnet == (f"{networks[0]}/subnets/app" if networks else None)


@EACH
def test_vms_reach_the_vault_through_their_nat_gateways(choice: str) -> None:
    assert the(choice, "Microsoft.KeyVault/vaults").body["properties"]["publicNetworkAccess"] == "Enabled"


@pytest.mark.parametrize(("choice", "protected"), [("defaults", None), ("everything", True)])
def test_purge_protection_is_true_or_nothing(choice: str, protected: bool | None) -> None:
    assert the(choice, "Microsoft.KeyVault/vaults").body["properties"]["enablePurgeProtection"] is protected


def test_entra_in_front_lets_nobody_in_without_a_token() -> None:
    assert of_type("defaults", "Microsoft.Web/sites/config") == []
    front = the("everything", "Microsoft.Web/sites/config").body["properties"]
    assert front["globalValidation"] == {"requireAuthentication": True, "unauthenticatedClientAction": "Return401"}
    directory = front["identityProviders"]["azureActiveDirectory"]
    assert directory["validation"]["defaultAuthorizationPolicy"]["allowedApplications"]
    assert "clientSecretSettingName" not in directory["registration"]


def test_the_app_is_the_one_that_azd_publishes_to() -> None:
    text = (ROOT / "azure.yaml").read_text()
    service = the("defaults", "Microsoft.Web/sites").body["tags"]["azd-service-name"]
    assert f"services:\n  {service}:\n" in text
