"""What a PUT body of each resource type may hold here: the part of ARM's schemas that this cloud understands.

A property that ARM knows and this cloud does not is refused like a misspelt one, rather than taken and not acted on.
"""

from __future__ import annotations

from localcloud.azure.shapes import Flag, Many, Node, Shape, Table, Text, Whole, choice, shape

TEXT, FLAG, WHOLE = Text(), Flag(), Whole()
TAGS = Table(TEXT)
REFERENCE = shape({"id": TEXT}, required="id")
ADDRESS_KIND = choice("Static", "Dynamic")
ADDRESS_VERSION = choice("IPv4", "IPv6")
TOGGLE = choice("Enabled", "Disabled")


def tracked(properties: Shape, *, ignored: str = "", **more: Node) -> Shape:
    """A resource with a location and tags."""
    fields: dict[str, Node] = {"location": TEXT, "tags": TAGS, "name": TEXT, "properties": properties, **more}
    return shape(fields, required="location", ignored=ignored)


def child(properties: Shape, **more: Node) -> Shape:
    return shape({"name": TEXT, "properties": properties, **more}, required="properties")


GROUP = shape(
    {"location": TEXT, "tags": TAGS, "managedBy": TEXT, "name": TEXT, "properties": shape({})}, required="location"
)

SECURITY_RULE = child(
    shape(
        {
            "description": TEXT,
            "protocol": choice("Tcp", "Udp", "Icmp", "Esp", "Ah", "*"),
            "sourcePortRange": TEXT,
            "sourcePortRanges": Many(TEXT),
            "destinationPortRange": TEXT,
            "destinationPortRanges": Many(TEXT),
            "sourceAddressPrefix": TEXT,
            "sourceAddressPrefixes": Many(TEXT),
            "destinationAddressPrefix": TEXT,
            "destinationAddressPrefixes": Many(TEXT),
            "access": choice("Allow", "Deny"),
            "priority": WHOLE,
            "direction": choice("Inbound", "Outbound"),
        },
        required="protocol access priority direction",
    )
)
SECURITY_GROUP = tracked(
    shape({"securityRules": Many(SECURITY_RULE)}, ignored="defaultSecurityRules subnets networkInterfaces flowLogs")
)

PUBLIC_ADDRESS = tracked(
    shape(
        {
            "publicIPAllocationMethod": ADDRESS_KIND,
            "publicIPAddressVersion": ADDRESS_VERSION,
            "idleTimeoutInMinutes": WHOLE,
        },
        ignored="ipConfiguration ipAddress natGateway",
    ),
    sku=shape({"name": choice("Basic", "Standard", "StandardV2"), "tier": choice("Regional", "Global")}),
    zones=Many(TEXT),
)
NAT_GATEWAY = tracked(
    shape({"publicIpAddresses": Many(REFERENCE), "idleTimeoutInMinutes": WHOLE}, ignored="subnets"),
    sku=shape({"name": choice("Standard", "StandardV2")}),
    zones=Many(TEXT),
)
SUBNET = child(
    shape(
        {
            "addressPrefix": TEXT,
            "addressPrefixes": Many(TEXT),
            "networkSecurityGroup": REFERENCE,
            "natGateway": REFERENCE,
            "defaultOutboundAccess": FLAG,
            "privateEndpointNetworkPolicies": choice(
                "Enabled", "Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled"
            ),
            "privateLinkServiceNetworkPolicies": TOGGLE,
        },
        ignored="ipConfigurations privateEndpoints delegations serviceEndpoints purpose",
    )
)
VIRTUAL_NETWORK = tracked(
    shape(
        {
            "addressSpace": shape({"addressPrefixes": Many(TEXT)}, required="addressPrefixes"),
            "dhcpOptions": shape({"dnsServers": Many(TEXT)}),
            "subnets": Many(SUBNET),
            "enableDdosProtection": FLAG,
            "privateEndpointVNetPolicies": choice("Disabled", "Basic"),
        },
        required="addressSpace",
        ignored="virtualNetworkPeerings",
    )
)
INTERFACE = tracked(
    shape(
        {
            "ipConfigurations": Many(
                child(
                    shape(
                        {
                            "subnet": REFERENCE,
                            "privateIPAddress": TEXT,
                            "privateIPAllocationMethod": ADDRESS_KIND,
                            "privateIPAddressVersion": ADDRESS_VERSION,
                            "publicIPAddress": REFERENCE,
                            "primary": FLAG,
                        }
                    )
                )
            ),
            "networkSecurityGroup": REFERENCE,
            "enableAcceleratedNetworking": FLAG,
            "enableIPForwarding": FLAG,
            "dnsSettings": shape(
                {"dnsServers": Many(TEXT), "internalDnsNameLabel": TEXT},
                ignored="appliedDnsServers internalFqdn internalDomainNameSuffix",
            ),
        },
        required="ipConfigurations",
        ignored="virtualMachine macAddress primary privateEndpoint vnetEncryptionSupported hostedWorkloads "
        "tapConfigurations nicType allowPort25Out auxiliaryMode auxiliarySku disableTcpStateTracking",
    )
)
CONNECTION = child(
    shape(
        {
            "privateLinkServiceId": TEXT,
            "groupIds": Many(TEXT),
            "requestMessage": TEXT,
            "privateLinkServiceConnectionState": shape({"status": TEXT, "description": TEXT, "actionsRequired": TEXT}),
        },
        required="privateLinkServiceId",
    )
)
PRIVATE_ENDPOINT = tracked(
    shape(
        {
            "subnet": REFERENCE,
            "privateLinkServiceConnections": Many(CONNECTION),
            "manualPrivateLinkServiceConnections": Many(CONNECTION),
            "customNetworkInterfaceName": TEXT,
        },
        required="subnet",
        ignored="networkInterfaces customDnsConfigs ipConfigurations ipVersionType applicationSecurityGroups",
    )
)
ZONE_GROUP = child(
    shape(
        {
            "privateDnsZoneConfigs": Many(
                child(shape({"privateDnsZoneId": TEXT}, required="privateDnsZoneId", ignored="recordSets"))
            )
        }
    )
)

_DNS_COUNTS = (
    "internalId maxNumberOfRecordSets numberOfRecordSets maxNumberOfVirtualNetworkLinks numberOfVirtualNetworkLinks "
    "maxNumberOfVirtualNetworkLinksWithRegistration numberOfVirtualNetworkLinksWithRegistration"
)
DNS_ZONE = tracked(shape({}, ignored=_DNS_COUNTS))
DNS_LINK = tracked(
    shape(
        {
            "registrationEnabled": FLAG,
            "resolutionPolicy": choice("Default", "NxDomainRedirect"),
            "virtualNetwork": REFERENCE,
        },
        required="virtualNetwork",
        ignored="virtualNetworkLinkState",
    )
)
DNS_RECORD = child(
    shape(
        {"ttl": WHOLE, "metadata": TAGS, "aRecords": Many(shape({"ipv4Address": TEXT}))},
        ignored="fqdn isAutoRegistered",
    )
)

IDENTITY = tracked(shape({}, ignored="tenantId principalId clientId"))

DISK = tracked(
    shape(
        {
            "creationData": shape({"createOption": choice("Empty", "FromImage", "Copy")}, required="createOption"),
            "diskSizeGB": WHOLE,
            "osType": choice("Linux", "Windows"),
        },
        required="creationData",
        ignored="uniqueId timeCreated diskState diskSizeBytes",
    ),
    ignored="managedBy",
    sku=shape({"name": choice("Standard_LRS", "Premium_LRS", "StandardSSD_LRS")}, ignored="tier"),
)
DELETE_OPTION = choice("Delete", "Detach")
MACHINE = tracked(
    shape(
        {
            "hardwareProfile": shape({"vmSize": TEXT}),
            "storageProfile": shape(
                {
                    "imageReference": shape(
                        {"publisher": TEXT, "offer": TEXT, "sku": TEXT, "version": TEXT}, ignored="exactVersion"
                    ),
                    "osDisk": shape(
                        {
                            "name": TEXT,
                            "osType": choice("Windows", "Linux"),
                            "createOption": choice("FromImage", "Empty", "Attach"),
                            "caching": choice("None", "ReadOnly", "ReadWrite"),
                            "deleteOption": DELETE_OPTION,
                            "diskSizeGB": WHOLE,
                            "managedDisk": shape(
                                {
                                    "id": TEXT,
                                    "storageAccountType": choice("Standard_LRS", "Premium_LRS", "StandardSSD_LRS"),
                                }
                            ),
                        },
                        required="createOption",
                    ),
                },
                ignored="dataDisks diskControllerType",
            ),
            "osProfile": shape(
                {
                    "computerName": TEXT,
                    "adminUsername": TEXT,
                    "adminPassword": TEXT,
                    "customData": TEXT,
                    "linuxConfiguration": shape(
                        {
                            "disablePasswordAuthentication": FLAG,
                            "provisionVMAgent": FLAG,
                            "patchSettings": shape(
                                {
                                    "patchMode": choice("ImageDefault", "AutomaticByPlatform"),
                                    "assessmentMode": choice("ImageDefault", "AutomaticByPlatform"),
                                }
                            ),
                            "ssh": shape({"publicKeys": Many(shape({"path": TEXT, "keyData": TEXT}))}),
                        }
                    ),
                    "allowExtensionOperations": FLAG,
                },
                ignored="secrets requireGuestProvisionSignal",
            ),
            "networkProfile": shape(
                {
                    "networkInterfaces": Many(
                        shape({"id": TEXT, "properties": shape({"primary": FLAG, "deleteOption": DELETE_OPTION})})
                    )
                }
            ),
            "securityProfile": shape(
                {
                    "securityType": choice("TrustedLaunch", "ConfidentialVM"),
                    "uefiSettings": shape({"secureBootEnabled": FLAG, "vTpmEnabled": FLAG}),
                    "encryptionAtHost": FLAG,
                }
            ),
            "diagnosticsProfile": shape({"bootDiagnostics": shape({"enabled": FLAG, "storageUri": TEXT})}),
        },
        ignored="vmId instanceView timeCreated",
    ),
    identity=shape(
        {
            "type": choice("SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned", "None"),
            "userAssignedIdentities": Table(shape({}, ignored="principalId clientId")),
        },
        ignored="principalId tenantId",
    ),
    zones=Many(TEXT),
)
PARAMETER = shape({"name": TEXT, "value": TEXT}, required="name value")
RUN_COMMAND = tracked(
    shape(
        {
            "source": shape({"script": TEXT}),
            "parameters": Many(PARAMETER),
            "protectedParameters": Many(PARAMETER),
            "asyncExecution": FLAG,
            "timeoutInSeconds": Whole(1, 90 * 60),
            "treatFailureAsDeploymentFailure": FLAG,
        },
        ignored="instanceView",
    )
)

ACCOUNT = tracked(
    shape(
        {
            "customSubDomainName": TEXT,
            "publicNetworkAccess": TOGGLE,
            "networkAcls": shape(
                {
                    "defaultAction": choice("Allow", "Deny"),
                    "bypass": choice("AzureServices", "None"),
                    "ipRules": Many(shape({"value": TEXT}, required="value")),
                    "virtualNetworkRules": Many(
                        shape({"id": TEXT, "ignoreMissingVnetServiceEndpoint": FLAG}, required="id", ignored="state")
                    ),
                }
            ),
            "disableLocalAuth": FLAG,
            "restrictOutboundNetworkAccess": FLAG,
            "dynamicThrottlingEnabled": FLAG,
            "restore": FLAG,
        },
        ignored="endpoint endpoints internalId capabilities dateCreated privateEndpointConnections callRateLimit "
        "isMigrated skuChangeInfo quotaLimit deletionDate scheduledPurgeDate",
    ),
    kind=TEXT,
    sku=shape({"name": TEXT, "capacity": WHOLE}, required="name", ignored="tier"),
    identity=shape({"type": choice("None", "SystemAssigned", "UserAssigned")}, ignored="principalId tenantId"),
)
DEPLOYMENT = child(
    shape(
        {
            "model": shape({"format": TEXT, "name": TEXT, "version": TEXT}),
            "versionUpgradeOption": choice(
                "OnceNewDefaultVersionAvailable", "OnceCurrentVersionExpired", "NoAutoUpgrade"
            ),
            "raiPolicyName": TEXT,
        },
        ignored="capabilities rateLimits callRateLimit dynamicThrottlingEnabled currentCapacity",
    ),
    sku=shape({"name": TEXT, "capacity": WHOLE, "family": TEXT, "size": TEXT}, required="name", ignored="tier"),
    tags=TAGS,
)
ROLE_ASSIGNMENT = child(
    shape(
        {
            "roleDefinitionId": TEXT,
            "principalId": TEXT,
            "principalType": choice("User", "Group", "ServicePrincipal", "ForeignGroup", "Device"),
            "description": TEXT,
            "condition": TEXT,
            "conditionVersion": TEXT,
        },
        required="roleDefinitionId principalId",
        ignored="scope createdOn updatedOn createdBy updatedBy",
    )
)
