"""The operator's commands: `flask --app app ...`, one module a family."""

import pkgutil
from importlib import import_module

from flask import Flask


def init_app(app: Flask) -> None:
    """Every module of this package brings its commands by `register(app)`."""
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name):
        if module.name != "common":
            import_module(f"{__name__}.{module.name}").register(app)
