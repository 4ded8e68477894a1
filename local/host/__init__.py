"""A local Functions host: runs the triggers that a Python (v2 model) `FunctionApp` declares.

It has the triggers and bindings this project uses (HTTP, timer, queue, queue output) and behaves like the real
host where a function could tell the difference. The same project runs unchanged under Azure Functions Core Tools.
"""

from local.host.host import Host
from local.host.settings import HostError

__all__ = ["Host", "HostError"]
