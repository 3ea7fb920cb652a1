// Private endpoints of the app's storage and vault, with the zones that lead their names there.

@description('Beginning of every endpoint\'s name.')
param name string
@description('Region.')
param location string
@description('Tags.')
param tags object
@description('ARM id of the app\'s network.')
param networkId string
@description('What is reached: { service: sub-resource, id: ARM id, zone: private DNS zone }.')
param targets array

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [for target in targets: {
  name: target.zone
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (target, i) in targets: {
  parent: zones[i]
  name: name
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: { id: networkId }
  }
}]

// One after the other: Azure refuses two writes to one network at a time.
@batchSize(1)
resource endpoints 'Microsoft.Network/privateEndpoints@2025-09-01' = [for target in targets: {
  name: '${name}-${target.service}'
  location: location
  tags: tags
  properties: {
    subnet: { id: '${networkId}/subnets/endpoints' }
    privateLinkServiceConnections: [
      {
        name: target.service
        properties: {
          privateLinkServiceId: target.id
          groupIds: [target.service]
        }
      }
    ]
  }
}]

resource records 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-09-01' = [for (target, i) in targets: {
  parent: endpoints[i]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: target.service
        properties: { privateDnsZoneId: zones[i].id }
      }
    ]
  }
}]
