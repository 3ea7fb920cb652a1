// The function app on the Flex Consumption plan.

@description('Name of plan and app.')
param name string
@description('Region.')
param location string
@description('Tags.')
param tags object
@description('Version of Python.')
param pythonVersion string
@description('Name of the app\'s identity.')
param identityName string
@description('Name of the app\'s storage account.')
param storageName string
@description('URL of the container that packages are published to.')
param deploymentContainer string
@description('ARM id of the vault.')
param vaultId string
@description('Name of the Application Insights component.')
param componentName string
@description('Name of the Durable Task Scheduler; empty where Azure Storage keeps the state.')
param schedulerName string
@description('ARM id of the subnet that the app is in; empty for none.')
param subnetId string
@description('Memory of one instance.')
param instanceMemoryMB int
@description('The most instances.')
param maximumInstanceCount int
@description('Instances that always run for HTTP and for Durable Functions each.')
param alwaysReadyInstances int
@description('App settings that are somebody\'s choice: { name, value }.')
param choices array
@description('Client id of the Entra app registration in front; empty for none.')
param entraClientId string
@description('Client ids of the applications that may call; empty for every application of the tenant.')
param entraAllowedApplications array

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource scheduler 'Microsoft.DurableTask/schedulers@2026-02-01' existing = if (!empty(schedulerName)) {
  name: schedulerName
}

var schedulerSettings = empty(schedulerName) ? [] : [
  {
    name: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
    value: 'Endpoint=${scheduler.properties.endpoint};Authentication=ManagedIdentity;ClientID=${identity.properties.clientId}'
  }
]

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainer
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'python'
        version: pythonVersion
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyInstances == 0 ? [] : [
          { name: 'http', instanceCount: alwaysReadyInstances }
          { name: 'durable', instanceCount: alwaysReadyInstances }
        ]
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      appSettings: concat([
        { name: 'AZURE_CLIENT_ID', value: identity.properties.clientId }
        { name: 'AZURE_SUBSCRIPTION_ID', value: subscription().subscriptionId }
        { name: 'AZURE_TOKEN_CREDENTIALS', value: 'ManagedIdentityCredential' }
        { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: component.properties.ConnectionString }
        { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'Authorization=AAD;ClientId=${identity.properties.clientId}' }
        { name: 'AzureWebJobsStorage__accountName', value: storageName }
        { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
        { name: 'AzureWebJobsStorage__clientId', value: identity.properties.clientId }
        { name: 'OTEL_PYTHON_DISABLED_INSTRUMENTATIONS', value: 'django,fastapi,flask,httpx,httpx2,psycopg2,requests,urllib,urllib3' }
        { name: 'OTEL_TRACES_SAMPLER', value: 'always_on' }
        { name: 'PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY', value: 'true' }
        { name: 'PYTHON_THREADPOOL_THREAD_COUNT', value: '16' }
        { name: 'ISTHMUS_KEY_VAULT_ID', value: vaultId }
        { name: 'ISTHMUS_STORAGE_URL', value: 'https://${storageName}.blob.${environment().suffixes.storage}' }
      ], choices, schedulerSettings)
    }
  }
}

// Publishing with a name and a password is off: who publishes proves who they are.
resource publishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = [for kind in ['ftp', 'scm']: {
  parent: app
  name: kind
  properties: { allow: false }
}]

resource authentication 'Microsoft.Web/sites/config@2025-03-01' = if (!empty(entraClientId)) {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: true }
    globalValidation: {
      requireAuthentication: true
      unauthenticatedClientAction: 'Return401'
    }
    httpSettings: { requireHttps: true }
    login: { tokenStore: { enabled: false } }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: entraClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: ['api://${entraClientId}', entraClientId]
          defaultAuthorizationPolicy: empty(entraAllowedApplications) ? null : {
            allowedApplications: entraAllowedApplications
          }
        }
      }
    }
  }
}

@description('Name of the function app.')
output name string = app.name
@description('Host name that it answers at.')
output host string = app.properties.defaultHostName
