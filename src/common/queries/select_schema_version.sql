-- The version of the schema that this database has.
SELECT max(version) FROM schema_version
