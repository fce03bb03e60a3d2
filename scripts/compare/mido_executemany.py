"""zipfile, mido and executemany on all cores."""

import by_mido
import spread
import store


def work(share):
    rows, size = spread.rows(share, by_mido.row)
    connection = spread.connection()
    with connection.cursor() as cursor:
        for table, table_rows in rows.items():
            cursor.executemany(store.insert(table), table_rows)
    connection.commit()
    return len(rows["file_locations"]), size


if __name__ == "__main__":
    spread.run(__doc__, work)
