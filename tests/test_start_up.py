"""A missing or wrong setting stops start-up with one message naming all of them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def start(**settings: str) -> subprocess.CompletedProcess[str]:
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", "import function_app"],
        cwd=ROOT,
        env=bare | settings,
        check=False,
        text=True,
        capture_output=True,
    )


def test_without_settings_every_one_of_them_is_named_at_once() -> None:
    ended = start()
    assert ended.returncode != 0
    for name in (
        "AzureWebJobsStorage", "PUBLIC_URL", "MICROSOFT_CLIENT_ID", "MICROSOFT_CERTIFICATE", "PLATFORM_NAME",
        "PLATFORM_SIGN_IN_URL", "PLATFORM_ISSUER", "PLATFORM_AUDIENCE", "PLATFORM_JWKS_URL", "SECRET_KEYS",
        "TOKEN_KEYS", "RESYNC_SCHEDULE",
    ):  # fmt: skip
        assert name in ended.stderr


def test_the_local_host_says_it_in_one_message_and_ends() -> None:
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "-m", "local.host", "--port", "0"]
    ended = subprocess.run(command, cwd=ROOT, env=bare, check=False, text=True, capture_output=True, timeout=30)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr + ended.stdout
    assert "SECRET_KEYS" in ended.stderr + ended.stdout
