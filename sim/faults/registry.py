"""Which faults there are: whatever lies in `sim/faults/kinds/`."""

import pkgutil
from importlib import import_module

from sim.faults import kinds
from sim.faults.fault import Fault


def fault_names() -> list[str]:
    """List the faults by name."""
    return sorted(found.name.replace("_", "-") for found in _modules())


def find_fault(name: str) -> Fault:
    """Import a fault by its name. Raises `KeyError` when there is none."""
    module = name.replace("-", "_")
    if module not in {found.name for found in _modules()}:
        raise KeyError(name)
    fault = import_module(f"{kinds.__name__}.{module}").FAULT
    assert isinstance(fault, Fault)
    assert fault.name == name
    return fault


def _modules() -> list[pkgutil.ModuleInfo]:
    return list(pkgutil.iter_modules(kinds.__path__))
