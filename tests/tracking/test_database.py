"""What is said of a database on a server that cannot be MLflow's store, without one."""

from __future__ import annotations

import pytest

from tune_dml.errors import StoreFault
from tune_dml.tracking.database import check_database, refused, said

WHERE = "postgresql://host/mlflow"


def test_a_driver_that_is_not_here_is_named() -> None:
    with pytest.raises(StoreFault, match=r"needs a driver that is not installed .* pip install mysqlclient"):
        check_database("mysql://user:secret@localhost/mlflow")


def test_what_is_no_address_is_said_without_the_password() -> None:
    with pytest.raises(StoreFault, match="has no address of a database") as caught:
        check_database("mysql+pymysql://user:secret@localhost:many/mlflow")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "lasts"),
    [
        ('FATAL:  password authentication failed for user "me"', True),
        ('FATAL:  database "mlflow" does not exist', True),
        ("Access denied for user 'me'@'host'", True),
        ("could not connect to server: Connection refused", False),
        ("", False),
    ],
)
def test_a_refusal_lasts_and_an_outage_does_not(words: str, lasts: bool) -> None:
    fault = refused(WHERE, RuntimeError(f"{words}\nsecond line"))
    assert isinstance(fault, StoreFault) == lasts
    assert ("does not let tune-dml in" if lasts else "does not answer") in str(fault)


def test_an_error_s_own_line_is_kept() -> None:
    assert said(RuntimeError("\n first. \nsecond")) == "first"
    assert said(KeyError()) == "KeyError"
