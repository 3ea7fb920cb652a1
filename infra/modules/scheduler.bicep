// The Durable Task Scheduler: keeps the state of orchestrations instead of the app's storage.

@description('Name of the scheduler.')
param name string
@description('Region.')
param location string
@description('Tags.')
param tags object
@description('Its plan.')
param sku string
@description('Addresses (CIDR) that may speak to it.')
param ipAllowlist array
@description('Object id of the app\'s identity.')
param principalId string
@description('Id (GUID) of Durable Task Data Contributor.')
param dataRole string

resource scheduler 'Microsoft.DurableTask/schedulers@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: union({ name: sku }, sku == 'Dedicated' ? { capacity: 1 } : {})
    ipAllowlist: ipAllowlist
  }
}

resource hub 'Microsoft.DurableTask/schedulers/taskHubs@2026-02-01' = {
  parent: scheduler
  name: 'isthmus'
  properties: {}
}

resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(scheduler.id, principalId, dataRole)
  scope: scheduler
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', dataRole)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
