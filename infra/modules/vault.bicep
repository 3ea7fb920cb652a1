// The vault that keeps tickets and API keys: access by role alone, and of those who may give access, a condition.

@description('Name of the vault.')
param name string
@description('Region.')
param location string
@description('Tags.')
param tags object
@description('Object id of the app\'s identity.')
param principalId string
@description('Id (GUID) of Key Vault Secrets Officer.')
param officerRole string
@description('ARM id of the custom role with which the app gives VMs access to single secrets.')
param accessRole string
@description('What that role may be used for: to give away, and take back, the one role that Isthmus assigns.')
param accessCondition string
@description('Object id of whoever puts secrets in by hand; empty for nobody.')
param administratorId string
@description('What that administrator is.')
param administratorType string
@description('Forbids purging before the retention ends; can never be turned off again.')
param purgeProtection bool
@description('Days for which deleted secrets are kept unless purged.')
param softDeleteRetentionDays int
@description('Whether the vault answers on the public network.')
param publicNetworkAccess string
@description('ARM id of the workspace that hears of every access.')
param workspaceId string

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: softDeleteRetentionDays
    // Azure takes true or nothing: `false` is refused, since it would promise that it can be turned off.
    enablePurgeProtection: purgeProtection ? true : null
    publicNetworkAccess: publicNetworkAccess
    networkAcls: {
      bypass: 'None'
      defaultAction: publicNetworkAccess == 'Enabled' ? 'Allow' : 'Deny'
    }
  }
}

resource officer 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, principalId, officerRole)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', officerRole)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource giver 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, principalId, accessRole)
  scope: vault
  properties: {
    roleDefinitionId: accessRole
    principalId: principalId
    principalType: 'ServicePrincipal'
    condition: accessCondition
    conditionVersion: '2.0'
    description: 'Isthmus gives each VM access to the one secret that it needs.'
  }
}

resource administrator 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(administratorId)) {
  name: guid(vault.id, administratorId, officerRole)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', officerRole)
    principalId: administratorId
    principalType: administratorType
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'audit'
        enabled: true
      }
    ]
  }
}

@description('ARM id of the vault.')
output id string = vault.id
@description('Name of the vault.')
output name string = vault.name
