"""What a decoder says of a file that it does not show."""


class Refused(ValueError):
    """The file breaks a rule of the format, or uses what this version does not have."""


class TooLarge(Refused):
    """The file asks for more than this decoder is willing to do."""


def require(condition: bool, message: str) -> None:
    """Refuses the file unless the condition holds."""
    if not condition:
        raise Refused(message)
