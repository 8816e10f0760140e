"""What can go wrong locally and is the user's to fix: shown as one line, never as a traceback."""


class LocalError(Exception):
    """Something the user can act on; its text is one line that says what was got and what to do."""
