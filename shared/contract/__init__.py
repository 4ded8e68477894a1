"""What callers send and get: the definitions that validate requests, shape answers and make the API's document.

Every time in an answer is UTC (RFC 3339, `Z`).
"""
