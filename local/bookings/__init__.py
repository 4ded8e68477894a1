"""Bookings under trouble: hundreds at once for the same few members, each exactly once or not at all.

The real service as a process, killed at random, and with it all three clocks moved ahead from time to time; the real
Azurite on a folder, stopped meanwhile; the simulated Microsoft, whose answers are lost, late or refusals. Clients
repeat as the API says, some in parallel, and some give up. Afterwards Outlook, the API and the tables are compared.
"""
