"""Configuration as code: a TOML file of shops and agents, checked and applied."""

from callengine.store.configuration.apply import Applied, apply_plan
from callengine.store.configuration.credentials import Credentials
from callengine.store.configuration.model import Plan
from callengine.store.configuration.read import BadConfiguration, Problem, read_plan
from callengine.store.configuration.warn import warnings_of

__all__ = [
    "Applied",
    "BadConfiguration",
    "Credentials",
    "Plan",
    "Problem",
    "apply_plan",
    "read_plan",
    "warnings_of",
]
