"""What the planner is told of the tables: the same always, so that its plans never change."""

from sqlalchemy import Connection, inspect

_ROWS = 10_000
_ALIKE = 100
"""Rows that agree in one more column of an index, of which the next tells a hundredth apart."""
_TENANT = "tenant_id"


def describe(connection: Connection) -> None:
    """Say how selective each index is that starts with the tenant; joins the transaction.

    There is one tenant on a laptop. Once SQLite knows, it finds rows by the rest of a key where
    it would read the whole table; measuring the tables instead would cost time after every large
    pull, and a table that was small when it was measured would be read whole for a long time.
    Form: SQLite's "The SQLITE_STAT1 table".
    """
    connection.exec_driver_sql("ANALYZE")
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    for table in inspect(connection).get_table_names():
        for _, name, is_unique, *_ in connection.exec_driver_sql(f'PRAGMA index_list("{table}")'):
            columns = [row[2] for row in connection.exec_driver_sql(f'PRAGMA index_info("{name}")')]
            if columns[0] == _TENANT:
                row = (table, name, _selectivity(len(columns) - 1, is_unique=bool(is_unique)))
                connection.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", row)


def _selectivity(others: int, *, is_unique: bool) -> str:
    alike = [max(_ROWS // _ALIKE**place, 2) for place in range(1, others + 1)]
    if is_unique:
        alike[-1:] = [1]
    return " ".join(map(str, (_ROWS, _ROWS, *alike)))
