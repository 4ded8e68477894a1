"""`python -m local.azurite`: install Azurite if it is not there, without starting it."""

import sys

from local.azurite.errors import AzuriteError
from local.azurite.install import installed
from local.azurite.node import find_node

try:
    installed(find_node())
except AzuriteError as error:
    sys.exit(str(error))
