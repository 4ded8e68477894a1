"""The service killed at random moments of a burst of calendar changes, and storage restarted under it.

Real processes, the real Azurite on a folder, the simulated Microsoft. Afterwards every calendar, subscription, member
and queue is looked at: nothing may be lost, nothing wrong. The schedule, which would mend losses, is switched off.
"""
