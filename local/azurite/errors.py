"""What can go wrong with Azurite."""


class AzuriteError(Exception):
    """Azurite cannot be installed or run; the message says why and what to do."""
