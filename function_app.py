"""The entry point of Azure Functions: settings in, app out. A wrong setting stops here, with one message."""

import os

from shared.bootstrap import Services
from shared.functions.app import create_app
from shared.settings import Settings

app = create_app(Services(Settings.from_env(os.environ)))
