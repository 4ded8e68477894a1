"""Generated histories that attack the calendar cache: `python -m local.soak` looks for one that breaks it.

The product's own code, the real Azurite and the simulated Microsoft; only the Functions host is replaced, by one
that lets the history decide which message runs when, twice, late, or half-way only.
"""
