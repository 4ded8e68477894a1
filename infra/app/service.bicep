// The function app on Flex Consumption, and every setting it reads (explained in docs/settings.md).
// https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan
param name string
param location string
param tags object
param identityName string
param storageName string
param packagesName string
param vaultName string
param insightsName string
param maximumInstanceCount int
param frontendOrigins string
param publicUrl string
param credential string
param platformEventsUrl string
param productSettings object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityName
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageName
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: { reserved: true }
}

resource site 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  // azd finds the app of the service `api` in azure.yaml by this tag.
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    // Without this, vault references are read with a system-assigned identity, which this app does not have.
    keyVaultReferenceIdentity: identity.id
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      cors: { allowedOrigins: empty(frontendOrigins) ? [] : split(frontendOrigins, ',') }
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packagesName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: maximumInstanceCount
        // A Python app gets one request at a time per instance unless told otherwise.
        triggers: { http: { perInstanceConcurrency: 16 } }
        // Microsoft gives a webhook seconds to answer its first call: one instance is always warm.
        alwaysReady: [
          {
            name: 'http'
            instanceCount: 1
          }
        ]
      }
    }
  }
}

var platformSettings = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.properties.clientId
  AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
  AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
  AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  PYTHON_THREADPOOL_THREAD_COUNT: '32'
  AzureWebJobsDisableHomepage: 'true' // so that GET / is ours
  PUBLIC_URL: empty(publicUrl) ? 'https://${site.properties.defaultHostName}' : publicUrl
  SECRET_KEYS: '@Microsoft.KeyVault(SecretUri=${vault.properties.vaultUri}secrets/secret-keys)'
  TOKEN_KEYS: '@Microsoft.KeyVault(SecretUri=${vault.properties.vaultUri}secrets/token-keys)'
}

// Exactly one of the two may be set: the service refuses to start with both.
var credentialSettings = {
  certificate: { MICROSOFT_CERTIFICATE: '@Microsoft.KeyVault(SecretUri=${vault.properties.vaultUri}secrets/microsoft)' }
  federatedIdentity: { MICROSOFT_FEDERATED_IDENTITY: identity.properties.clientId }
}

// Both or neither: the service refuses to start with one of them. Write the secret before the address is set.
var eventSettings = {
  PLATFORM_EVENTS_URL: platformEventsUrl
  PLATFORM_EVENTS_SECRETS: '@Microsoft.KeyVault(SecretUri=${vault.properties.vaultUri}secrets/platform-events)'
}

// A resource of its own, not part of the site: PUBLIC_URL needs the host name that the site gets when it is made.
resource settings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: site
  name: 'appsettings'
  properties: union(platformSettings, credentialSettings[credential], productSettings, empty(platformEventsUrl) ? {} : eventSettings)
}

// Packages are published with Entra ID tokens; user name and password are off.
resource publishingOverScm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: site
  name: 'scm'
  properties: { allow: false }
}

resource publishingOverFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: site
  name: 'ftp'
  properties: { allow: false }
}

output name string = site.name
output url string = 'https://${site.properties.defaultHostName}'
