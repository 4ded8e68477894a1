// Holds what must stay secret: the certificate of the app registration (`microsoft`), SECRET_KEYS (`secret-keys`),
// TOKEN_KEYS (`token-keys`) and PLATFORM_EVENTS_SECRETS (`platform-events`). People put them there, docs/operations.md says how,
// so none is ever in a template, a parameter or a log.
param name string
param location string
param tags object

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 90
  }
}

output name string = vault.name
