"""zipfile, symusic and binary COPY on all cores: the quickest that Python does without a compiler."""

import psycopg

import by_symusic
import spread
import store


def work(share):
    rows, size = spread.rows(share, by_symusic.row)
    connection = spread.connection()
    try:
        with connection.cursor() as cursor:
            for table, table_rows in rows.items():
                store.copy_rows(cursor, table, table, table_rows)
        connection.commit()
    except psycopg.errors.UniqueViolation:
        # A content that another share has stored: beside the tables, and only what is new into them.
        connection.rollback()
        with connection.cursor() as cursor:
            for table, table_rows in rows.items():
                cursor.execute(f"CREATE TEMP TABLE new_{table} (LIKE {table}) ON COMMIT DROP")
                store.copy_rows(cursor, f"new_{table}", table, table_rows)
                cursor.execute(f"INSERT INTO {table} SELECT * FROM new_{table} ON CONFLICT DO NOTHING")
        connection.commit()
    return len(rows["file_locations"]), size


if __name__ == "__main__":
    spread.run(__doc__, work)
