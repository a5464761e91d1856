"""All that makes up a schema, as sorted lines that two databases can be compared by."""

from typing import Final

import asyncpg

DESCRIBE: Final = """
    WITH relation AS (
        SELECT oid, relname, relkind, relacl, reloptions FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
    )
    SELECT format('relation %s %s %s', relname, relkind, array_to_string(reloptions, ',')) AS line FROM relation
    UNION ALL
    SELECT format('comment %s %s %s', relname, objsubid, description)
    FROM relation JOIN pg_description ON objoid = oid
    UNION ALL
    SELECT format(
        'column %s.%s %s %s %s %s', relname, attname, format_type(atttypid, atttypmod), attnotnull,
        pg_get_expr(adbin, adrelid), attacl
    )
    FROM relation JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    UNION ALL
    SELECT format('grant %s %s', relname, privilege) FROM relation CROSS JOIN unnest(relacl) AS privilege
    UNION ALL
    SELECT format('constraint %s %s %s', relname, conname, pg_get_constraintdef(pg_constraint.oid))
    FROM pg_constraint JOIN relation ON relation.oid = conrelid
    UNION ALL
    SELECT format('index %s', pg_get_indexdef(indexrelid)) FROM pg_index JOIN relation ON relation.oid = indrelid
    UNION ALL
    SELECT format('trigger %s', pg_get_triggerdef(pg_trigger.oid))
    FROM pg_trigger JOIN relation ON relation.oid = tgrelid WHERE NOT tgisinternal
    UNION ALL
    SELECT format('function %s', pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT format('enum %s %s', typname, string_agg(enumlabel, ' ' ORDER BY enumsortorder))
    FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid GROUP BY typname
    ORDER BY line
"""


async def described(connection: asyncpg.Connection) -> list[str]:
    """The schema of the database, but for what may differ between a new and a migrated one, as the order of columns."""
    return [row["line"] for row in await connection.fetch(DESCRIBE)]
