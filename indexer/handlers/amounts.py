"""Sums in text columns: exact, whatever their size."""

import sqlite3


def add(db: sqlite3.Connection, table: str, key: dict[str, str], column: str, amount: int) -> int:
    """Adds to an amount, making the row if there is none. Returns the new amount."""
    where = " AND ".join(f"{name} = ?" for name in key)
    found = db.execute(f"SELECT {column} FROM {table} WHERE {where}", (*key.values(),)).fetchone()
    new = int(found[0] if found else 0) + amount
    if found:
        db.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (str(new), *key.values()))
    else:
        names = ", ".join((*key, column))
        marks = ", ".join("?" * (len(key) + 1))
        db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", (*key.values(), str(new)))
    return new
