"""What an action says when it can't be done."""


class Refused(Exception):
    """What was asked can't be done; the words say why."""
