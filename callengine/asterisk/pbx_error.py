"""What goes wrong with an Asterisk of ours."""


class PbxError(Exception):
    """Asterisk cannot be found, built, started or stopped; the text says what to do."""
