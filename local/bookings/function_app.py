"""The service with its clock ahead of the machine's: the entry point of Azure Functions, as in the root folder."""

import os
from datetime import timedelta

from shared.bootstrap import Services, utc_now
from shared.functions.app import create_app
from shared.settings import Settings

AHEAD = timedelta(seconds=float(os.environ.get("CLOCK_AHEAD_SECONDS") or 0))

app = create_app(Services(Settings.from_env(os.environ), lambda: utc_now() + AHEAD))
