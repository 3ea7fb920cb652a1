// The app's storage: its package, the host's state, the task hub (unless a scheduler keeps it), the records.
// It has no usable key: everybody proves who they are.

@description('Name of the storage account.')
param name string
@description('Region.')
param location string
@description('Tags.')
param tags object
@description('How many copies, and where.')
param sku string
@description('Object id of the app\'s identity.')
param principalId string
@description('Ids (GUIDs) of the data roles that the Functions host, Durable Functions and the records need.')
param dataRoles array
@description('Whether the account answers on the public network.')
@allowed(['Enabled', 'Disabled'])
param publicNetworkAccess string

resource account 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    supportsHttpsTrafficOnly: true
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: publicNetworkAccess
    networkAcls: {
      bypass: 'None'
      defaultAction: publicNetworkAccess == 'Enabled' ? 'Allow' : 'Deny'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2026-04-01' = {
  parent: account
  name: 'default'
  properties: {
    // The records of what exists: a container that somebody deleted comes back for a week.
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 7
    }
  }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = {
  parent: blobs
  name: 'packages'
  properties: { publicAccess: 'None' }
}

resource records 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = {
  parent: blobs
  name: 'isthmus'
  properties: { publicAccess: 'None' }
}

resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in dataRoles: {
  name: guid(account.id, principalId, role)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

@description('ARM id of the account.')
output id string = account.id
@description('Name of the account.')
output name string = account.name
@description('URL of the container that packages are published to.')
output deploymentContainer string = '${account.properties.primaryEndpoints.blob}${packages.name}'
