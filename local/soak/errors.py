"""What a history ends with when it breaks a promise."""


class Divergence(AssertionError):
    """A promise is broken."""
