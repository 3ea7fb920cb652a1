// Isthmus on Azure: everything that the app itself needs. What it builds for others is not here.
// Checked without a subscription (tests/infra): parsed by two parsers, evaluated, held against ARM's schemas.
targetScope = 'subscription'

@description('Name of this deployment. Names of resources are made from it, the subscription and the region.')
@minLength(1)
@maxLength(24)
param environmentName string

@description('Region of the app. The environments that it builds name their own.')
param location string

@description('Resource group of the app. Never a name that begins with `isthmus-`: those are the groups that Isthmus builds and deletes.')
@minLength(1)
@maxLength(90)
param resourceGroupName string = 'rg-${environmentName}'

@description('Tags of the app\'s group and of every resource in it, for landing zones that demand some.')
param tags object = {}

@description('Python of the app. What is pinned in requirements.txt is tested on all of these.')
@allowed(['3.11', '3.12', '3.13'])
param pythonVersion string = '3.11'

@description('Where Durable Functions keeps its state. `DurableTaskScheduler` also needs `infra/host.scheduler.json` published as host.json: see docs/deploy.md.')
@allowed(['AzureStorage', 'DurableTaskScheduler'])
param durableBackend string = 'AzureStorage'

@description('Plan of the Durable Task Scheduler; of no meaning with Azure Storage. See docs/scale.md.')
@allowed(['Consumption', 'Dedicated'])
param schedulerSku string = 'Consumption'

@description('Addresses (CIDR) that may speak to the Durable Task Scheduler. Everybody must still prove who they are, and the app has no fixed address unless its network is private.')
@minLength(1)
param schedulerIpAllowlist array = ['0.0.0.0/0']

@description('Memory of one instance, which also decides its share of processors.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('The most instances that the app may grow to. See docs/scale.md for what they can hold.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that always run for HTTP and for Durable Functions each. 0 costs nothing and starts cold.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int = 0

@description('Copies of the app\'s storage: over the zones of the region, or, where a region has none, in one of them.')
@allowed(['Standard_ZRS', 'Standard_LRS'])
param storageSku string = 'Standard_ZRS'

@description('Puts the app into a virtual network of its own, closes its storage to the public network, and reaches storage and vault through private endpoints.')
param privateNetworking bool = false

@description('Address space of the app\'s own virtual network, a /24 or larger; of no meaning without private networking.')
param addressPrefix string = '10.255.0.0/24'

@description('Whether the vault answers on the public network. VMs of the environments fetch their ticket and key there through their NAT gateways, so `Disabled` is only for landing zones whose networks reach the vault privately; the app itself then needs `privateNetworking`.')
@allowed(['Enabled', 'Disabled'])
param vaultPublicNetworkAccess string = 'Enabled'

@description('Forbids everybody to purge secrets before their retention ends, and can never be turned off again. With it, the secrets of an environment stay deleted but recoverable after its teardown, which then says until when.')
param purgeProtection bool = false

@description('Days for which the vault keeps what was deleted and not purged. Azure does not let it be changed later.')
@minValue(7)
@maxValue(90)
param softDeleteRetentionDays int = 7

@description('Object id of the person or group that puts secrets (the Ockam administrator\'s identity) into the vault; empty for nobody.')
param vaultAdministratorId string = ''

@description('What that administrator is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param vaultAdministratorType string = 'User'

@description('Name of the vault\'s secret with the enrolled Ockam administrator\'s identity (docs/tickets.md); empty where the pipelines bring their tickets. Not a name that begins with `isthmus-`.')
param ockamIdentitySecret string = ''

@description('How often what has expired is looked for, as NCRONTAB; more often than twice an hour, or an alert is raised.')
param cleanupSchedule string = '0 */5 * * * *'

@description('When environments that are ready are looked at for drift, as NCRONTAB: once an hour by default.')
param driftSchedule string = '0 30 * * * *'

@description('Whether cleanup takes down what has expired (`on`), only reports what it would take down (`dry-run`), or does nothing (`off`).')
@allowed(['on', 'dry-run', 'off'])
param cleanup string = 'on'

@description('Environments that one sweep of the cleanup takes down at most; the others come next time.')
@minValue(1)
param cleanupMost int = 20

@description('Days for which records of what is gone, finished orchestration history and the reports of sweeps are kept.')
@minValue(1)
param recordRetentionDays int = 30

@description('Who is told of lifecycle events where a request names nobody: a webhook\'s https URL or the endpoint of an Event Grid topic; empty for nobody. See docs/events.md.')
param eventsUrl string = ''

@description('Name of the vault\'s secret that events to that webhook are signed with; begins with `webhook-`.')
param eventsSecret string = 'webhook-signing'

@description('Whether events may go to private address ranges, such as a receiver in the app\'s own network.')
param eventsToPrivateAddresses bool = false

@description('When lifecycle events are sent, as NCRONTAB.')
param eventsSchedule string = '*/30 * * * * *'

@description('How many minutes before the end of a lease it is told of.')
@minValue(1)
param expiringMinutes int = 60

@description('Whether the answer to a creation has the Durable status-query URLs. They carry a key of the whole task hub; the environment\'s own status URL is there in any case.')
param durableStatusUrls bool = false

@description('Client id of the Entra app registration that callers ask for tokens of; empty leaves function keys as the only lock. See docs/deploy.md.')
param entraClientId string = ''

@description('Client ids of the Entra applications (pipelines) that may call; empty for every application of the tenant that gets a token. Of no meaning without `entraClientId`.')
param entraAllowedApplications array = []

@description('Days for which logs and metrics are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('E-mail address that alerts go to; empty for none. The alerts are raised in any case.')
param alertEmail string = ''

@description('Ids of action groups that exist already and are told of every alert.')
param alertActionGroupIds array = []

var roles = loadJsonContent('roles.json')
var here = subscription().id
var token = toLower(uniqueString(here, environmentName, location))
var name = 'isthmus-${token}'
var allTags = union(tags, { 'azd-env-name': environmentName })

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: resourceGroupName
  location: location
  tags: allTags
}

module identity 'modules/identity.bicep' = {
  name: 'isthmus-identity'
  scope: group
  params: {
    name: name
    location: location
    tags: allTags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'isthmus-monitoring'
  scope: group
  params: {
    name: name
    location: location
    tags: allTags
    principalId: identity.outputs.principalId
    publisherRole: roles.azure.monitoringMetricsPublisher
    retentionInDays: logRetentionDays
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  name: 'isthmus-network'
  scope: group
  params: {
    name: name
    location: location
    tags: allTags
    addressPrefix: addressPrefix
  }
}

module storage 'modules/storage.bicep' = {
  name: 'isthmus-storage'
  scope: group
  params: {
    name: 'isthmus${token}'
    location: location
    tags: allTags
    sku: storageSku
    principalId: identity.outputs.principalId
    dataRoles: [
      roles.azure.storageBlobDataOwner
      roles.azure.storageQueueDataContributor
      roles.azure.storageTableDataContributor
    ]
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
  }
}

module vault 'modules/vault.bicep' = {
  name: 'isthmus-vault'
  scope: group
  params: {
    name: name
    location: location
    tags: allTags
    principalId: identity.outputs.principalId
    officerRole: roles.azure.keyVaultSecretsOfficer
    accessRole: vaultAccess.id
    accessCondition: roles.vaultAccess.condition
    administratorId: vaultAdministratorId
    administratorType: vaultAdministratorType
    purgeProtection: purgeProtection
    softDeleteRetentionDays: softDeleteRetentionDays
    publicNetworkAccess: vaultPublicNetworkAccess
    workspaceId: monitoring.outputs.workspaceId
  }
}

module endpoints 'modules/endpoints.bicep' = if (privateNetworking) {
  name: 'isthmus-endpoints'
  scope: group
  params: {
    name: name
    location: location
    tags: allTags
    networkId: resourceId(subscription().subscriptionId, resourceGroupName, 'Microsoft.Network/virtualNetworks', name)
    targets: [
      { service: 'blob', id: storage.outputs.id, zone: 'privatelink.blob.${environment().suffixes.storage}' }
      { service: 'queue', id: storage.outputs.id, zone: 'privatelink.queue.${environment().suffixes.storage}' }
      { service: 'table', id: storage.outputs.id, zone: 'privatelink.table.${environment().suffixes.storage}' }
      { service: 'vault', id: vault.outputs.id, zone: 'privatelink.vaultcore.azure.net' }
    ]
  }
  dependsOn: [network]
}

module scheduler 'modules/scheduler.bicep' = if (durableBackend == 'DurableTaskScheduler') {
  name: 'isthmus-scheduler'
  scope: group
  params: {
    name: name
    location: location
    tags: allTags
    sku: schedulerSku
    ipAllowlist: schedulerIpAllowlist
    principalId: identity.outputs.principalId
    dataRole: roles.azure.durableTaskDataContributor
  }
}

module app 'modules/app.bicep' = {
  name: 'isthmus-app'
  scope: group
  params: {
    name: name
    location: location
    tags: allTags
    pythonVersion: pythonVersion
    identityName: name
    storageName: storage.outputs.name
    deploymentContainer: storage.outputs.deploymentContainer
    vaultId: vault.outputs.id
    componentName: name
    schedulerName: durableBackend == 'DurableTaskScheduler' ? name : ''
    subnetId: privateNetworking ? resourceId(subscription().subscriptionId, resourceGroupName, 'Microsoft.Network/virtualNetworks/subnets', name, 'app') : ''
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyInstances: alwaysReadyInstances
    choices: [
      { name: 'ISTHMUS_CLEANUP', value: cleanup }
      { name: 'ISTHMUS_CLEANUP_MOST', value: string(cleanupMost) }
      { name: 'ISTHMUS_CLEANUP_SCHEDULE', value: cleanupSchedule }
      { name: 'ISTHMUS_DRIFT_SCHEDULE', value: driftSchedule }
      { name: 'ISTHMUS_DURABLE_URLS', value: durableStatusUrls ? 'on' : 'off' }
      { name: 'ISTHMUS_EVENTS_PRIVATE', value: eventsToPrivateAddresses ? 'allow' : 'refuse' }
      { name: 'ISTHMUS_EVENTS_SCHEDULE', value: eventsSchedule }
      { name: 'ISTHMUS_EVENTS_SECRET', value: eventsSecret }
      { name: 'ISTHMUS_EVENTS_URL', value: eventsUrl }
      { name: 'ISTHMUS_EXPIRING_MINUTES', value: string(expiringMinutes) }
      { name: 'ISTHMUS_OCKAM_IDENTITY', value: ockamIdentitySecret }
      { name: 'ISTHMUS_RETENTION_DAYS', value: string(recordRetentionDays) }
    ]
    entraClientId: entraClientId
    entraAllowedApplications: entraAllowedApplications
  }
  // What the app needs from its first second on: a way to its storage, and telemetry that is let in.
  dependsOn: [identity, monitoring, endpoints, scheduler]
}

module alerts 'modules/alerts.bicep' = {
  name: 'isthmus-alerts'
  scope: group
  params: {
    name: name
    location: location
    tags: allTags
    componentId: monitoring.outputs.componentId
    email: alertEmail
    actionGroupIds: alertActionGroupIds
  }
}

// The app's identity on the subscription: exactly what its activities use (isthmus/permissions.py).
resource provisioner 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(here, token, 'provisioner')
  properties: {
    // Names of roles are unique in a tenant, and a tenant may have more than one Isthmus.
    roleName: '${roles.provisioner.name} ${token}'
    description: roles.provisioner.description
    type: 'CustomRole'
    permissions: [{ actions: roles.provisioner.actions }]
    assignableScopes: [here]
  }
}

resource vaultAccess 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(here, token, 'vault access')
  properties: {
    roleName: '${roles.vaultAccess.name} ${token}'
    description: roles.vaultAccess.description
    type: 'CustomRole'
    permissions: [{ actions: roles.vaultAccess.actions }]
    assignableScopes: [here]
  }
}

resource provisioning 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(here, token, 'provisioning')
  properties: {
    roleDefinitionId: provisioner.id
    principalId: identity.outputs.principalId
    principalType: 'ServicePrincipal'
    description: 'Isthmus builds and removes its environments in this subscription.'
  }
}

@description('Resource group of the app.')
output resourceGroupName string = group.name
@description('Name of the function app: `func azure functionapp publish NAME`.')
output functionAppName string = app.outputs.name
@description('Where the app answers.')
output url string = 'https://${app.outputs.host}/api'
@description('Name of the app\'s vault.')
output vaultName string = vault.outputs.name
@description('Name of the storage account with the records.')
output storageName string = storage.outputs.name
