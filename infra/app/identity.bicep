// The one identity of the service: for storage, vault, telemetry and, if so chosen, for Microsoft itself. It is
// user-assigned because only such an identity can be trusted by an app registration.
param name string
param location string
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
  tags: tags
}

output name string = identity.name
output principalId string = identity.properties.principalId
