"""Microsoft's wire formats stop here: Entra ID and Graph in, the product's own values out."""
