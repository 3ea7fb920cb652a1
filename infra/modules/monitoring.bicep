// Where logs, traces and metrics go. Nobody gets in with a key: the app proves who it is with its identity.

@description('Name of workspace and component.')
param name string
@description('Region.')
param location string
@description('Tags.')
param tags object
@description('Object id of the identity that writes telemetry.')
param principalId string
@description('Id (GUID) of Monitoring Metrics Publisher.')
param publisherRole string
@description('Days for which logs and metrics are kept.')
param retentionInDays int

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionInDays
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource publisher 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, principalId, publisherRole)
  scope: component
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', publisherRole)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

@description('ARM id of the workspace.')
output workspaceId string = workspace.id
@description('ARM id of the component.')
output componentId string = component.id
