"""Neap: a symptom diary for people treated with ketamine infusions. This module puts the app together."""

from collections.abc import Mapping
from importlib import import_module

from flask import Flask
from htmx_flask import Htmx
from werkzeug.middleware.proxy_fix import ProxyFix

from diary import cli, config, db
from diary.lib import assets, converters, errors, filters, health, http, log, pwa, sealing
from diary.lib import sessions as cookies  # `diary.sessions` is a slice

MOST_TYPED = 4 * 1024 * 1024  # a note that is far too long still comes back with its form, to be shortened
BLUEPRINTS = (
    "audit", "accounts", "careteam", "safety", "entries", "infusions", "medications", "checkins", "sessions",
    "goodday", "review", "reports", "sync", "reminders", "records", "copies",
)  # fmt: skip


def create_app(environ: Mapping[str, str] | None = None) -> Flask:
    """The application for these settings (the process's environment when none are given)."""
    settings = config.load(environ)
    app = Flask(__name__, static_folder=config.ROOT / "static", template_folder=config.ROOT / "templates")
    app.config["SETTINGS"] = settings
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = MOST_TYPED
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    db.init_app(app, settings.database_url)
    sealing.init_app(app, (settings.data_key, *settings.data_key_fallbacks))
    log.init_app(app, settings.log_level)
    http.init_app(app, settings.https, settings.public_url)
    cookies.init_app(app, settings)
    converters.init_app(app)
    assets.init_app(app)
    pwa.init_app(app, settings.worker)
    filters.init_app(app)
    errors.init_app(app)
    health.init_app(app)
    Htmx(app)
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(f"diary.{name}.views").bp)
    cli.init_app(app)
    return app
