"""callengine: the telephony engine of a contact centre that serves online shops."""

__version__ = "0.1.0"
