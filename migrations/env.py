"""Runs the migrations on the database that DATABASE_URL names, or on a connection handed over."""

import importlib.util
import pkgutil

import sqlmodel.sql.sqltypes  # noqa: F401  migrations name its types
from alembic import context
from sqlmodel import SQLModel

import diary
from diary import config
from diary.db import Database

for module in pkgutil.iter_modules(diary.__path__):
    if module.ispkg and importlib.util.find_spec(f"diary.{module.name}.models"):
        importlib.import_module(f"diary.{module.name}.models")


def run(connection):
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"{len(broken)} rows point nowhere after the migration")


url = context.config.get_main_option("sqlalchemy.url") or config.load().database_url
database = Database(url, migrating=True)
with database.engine.connect() as connection:
    run(connection)
    connection.commit()
database.engine.dispose()
