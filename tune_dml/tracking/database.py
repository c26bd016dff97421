"""Whether a database on a server can be MLflow's store: it is connected to, and left as it is."""

from __future__ import annotations

import contextlib
from typing import Any

from tune_dml.errors import EnvironmentFault, StoreFault
from tune_dml.tracking.addresses import without_password
from tune_dml.tracking.sqlite_store import other_schema

_CONNECT_SECONDS = 5
#: Packages of drivers by what they are imported as, where the names differ.
_PACKAGES = {"psycopg": "'psycopg[binary]'", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}
#: What servers say of a user, a password or a database, in lower case: asking again does not help.
_REFUSED = (
    "password authentication failed",
    "no password supplied",
    "access denied",
    "login failed",
    "permission denied",
    "unknown database",
    "no pg_hba.conf entry",
)


def check_database(uri: str) -> None:
    """Refuse a database without a driver here, with another MLflow's schema, or that does not let one in. An empty one
    is well: MLflow makes its tables.

    Args:
        uri: ``postgresql://``, ``mysql://`` or ``mssql://``.

    Raises:
        StoreFault: with the cause and the cure.
        EnvironmentFault: it does not answer.
    """
    from sqlalchemy import create_engine, inspect, text
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError
    from sqlalchemy.pool import NullPool

    where = without_password(uri)
    dialect = uri.partition(":")[0].partition("+")[0]
    # The drivers of the others have other words for it, and limits of their own.
    limits: dict[str, Any] = {} if dialect == "mssql" else {"connect_timeout": _CONNECT_SECONDS}
    try:
        engine = create_engine(uri, poolclass=NullPool, connect_args=limits)
        with contextlib.closing(engine.connect()) as connection:
            has_tables = inspect(connection).has_table("alembic_version")
            rows = connection.execute(text("SELECT version_num FROM alembic_version")).fetchall() if has_tables else []
    except ModuleNotFoundError as error:
        package = _PACKAGES.get(str(error.name), str(error.name))
        raise StoreFault(
            f"MLflow's store {where} needs a driver that is not installed ({error.name}). Install it: pip install "
            f"{package}"
        ) from None
    except (ArgumentError, ValueError, TypeError) as error:
        raise StoreFault(
            f"MLflow's store {where} has no address of a database ({said(error)}). Write {dialect}://USER:PASSWORD@HOST/"
            "DATABASE in --tracking-uri."
        ) from None
    except SQLAlchemyError as error:
        raise refused(where, error) from None
    if len(rows) == 1:
        fault = other_schema(where, str(rows[0][0]), where, "Have a backup of it made first,")
        if fault is not None:
            raise fault


def refused(where: str, error: BaseException) -> EnvironmentFault:
    """What a database's error means, and whether it lasts."""
    words = said(error)
    known = words.lower()
    if any(sign in known for sign in _REFUSED) or ('database "' in known and "does not exist" in known):
        return StoreFault(
            f"MLflow's store {where} does not let tune-dml in ({words}). Check the user, the password and the name of "
            "the database in --tracking-uri."
        )
    return EnvironmentFault(
        f"MLflow's store {where} does not answer ({words}). Start the database, or check --tracking-uri."
    )


def said(error: BaseException) -> str:
    """The driver's own line of an error of SQLAlchemy: no SQL, and no link."""
    text = str(getattr(error, "orig", None) or error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:200].rstrip(".") if lines else type(error).__name__
