// Everything the Outlook connection runs on, in the order it is needed. Deployed by `azd provision`; the values
// come from main.parameters.json. No secret passes through this template: people put secrets into the vault.
targetScope = 'subscription'

@description('Name of the azd environment; part of every resource name.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Azure region. Must offer Flex Consumption.')
param location string

@description('Object id of whoever deploys: allowed to write the certificate and the keys. Empty: nobody is.')
param deployerId string = ''

@description('Public https address of the service when it has its own domain. Empty: the address Azure gives it.')
param publicUrl string = ''

@description('Origins of the platform frontend that call this service from browsers, comma separated.')
param frontendOrigins string = ''

@description('Client id of the multi-tenant app registration, see docs/app-registration.md.')
param microsoftClientId string

@description('How the app proves itself to Microsoft: a certificate in the vault, or the managed identity alone.')
@allowed(['certificate', 'federatedIdentity'])
param credential string = 'certificate'

@description('Name of the scheduling platform as people know it.')
param platformName string

@description('Where people sign in to the platform.')
param platformSignInUrl string

@description('Issuer of the platform tokens.')
param platformIssuer string

@description('Audience of the platform tokens.')
param platformAudience string

@description('Address of the key set that verifies the platform tokens.')
param platformJwksUrl string

@description('Address of the platform webhook that is told of changed states. Empty: nothing is told.')
param platformEventsUrl string = ''

@description('Plans that include admin-managed Outlook, comma separated.')
param entitledPlans string = 'enterprise'

@description('Feature that gives an organisation admin-managed Outlook outside those plans.')
param entitledFeature string = 'outlook-admin'

@description('When every tenant is read again: NCRONTAB with seconds, UTC.')
param resyncSchedule string = '0 */5 * * * *'

@description('Most instances per scale group: all HTTP functions together, each queue and timer alone.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 100

@description('Redundancy of the storage account. Standard_ZRS needs a region with availability zones.')
@allowed(['Standard_LRS', 'Standard_ZRS'])
param storageSku string = 'Standard_ZRS'

var tags = { 'azd-env-name': environmentName }
var suffix = toLower(uniqueString(subscription().id, environmentName, location))

resource group 'Microsoft.Resources/resourceGroups@2021-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'app/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-outlook-${suffix}'
    location: location
    tags: tags
  }
}

module storage 'app/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: 'st${suffix}'
    location: location
    tags: tags
    sku: storageSku
  }
}

module vault 'app/vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    name: 'kv-${suffix}'
    location: location
    tags: tags
  }
}

module monitoring 'app/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: 'log-outlook-${suffix}'
    insightsName: 'appi-outlook-${suffix}'
    location: location
    tags: tags
  }
}

module access 'app/access.bicep' = {
  name: 'access'
  scope: group
  params: {
    principalId: identity.outputs.principalId
    deployerId: deployerId
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
  }
}

module service 'app/service.bicep' = {
  name: 'service'
  scope: group
  params: {
    name: 'func-outlook-${suffix}'
    location: location
    tags: tags
    identityName: identity.outputs.name
    storageName: storage.outputs.name
    packagesName: storage.outputs.packagesName
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
    maximumInstanceCount: maximumInstanceCount
    frontendOrigins: frontendOrigins
    publicUrl: publicUrl
    credential: credential
    platformEventsUrl: platformEventsUrl
    productSettings: {
      MICROSOFT_CLIENT_ID: microsoftClientId
      PLATFORM_NAME: platformName
      PLATFORM_SIGN_IN_URL: platformSignInUrl
      PLATFORM_ISSUER: platformIssuer
      PLATFORM_AUDIENCE: platformAudience
      PLATFORM_JWKS_URL: platformJwksUrl
      ENTITLED_PLANS: entitledPlans
      ENTITLED_FEATURE: entitledFeature
      RESYNC_SCHEDULE: resyncSchedule
    }
  }
  // The first start reads the package, the queues and the vault: its roles must exist by then.
  dependsOn: [access]
}

output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_APP string = service.outputs.name
output AZURE_KEY_VAULT string = vault.outputs.name
output AZURE_STORAGE_ACCOUNT string = storage.outputs.name
output SERVICE_URL string = service.outputs.url
@description('Subject of the federated credential on the app registration, when credential is federatedIdentity.')
output IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId
