"""Azurite, Microsoft's emulator of Azure Storage: installed on first use, run as a child process.

https://learn.microsoft.com/azure/storage/common/storage-use-azurite
"""

from local.azurite.errors import AzuriteError
from local.azurite.server import Azurite

__all__ = ["Azurite", "AzuriteError"]
