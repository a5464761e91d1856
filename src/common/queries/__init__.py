"""SQL lives in .sql files beside the service that runs it, one statement a file, named verb_noun.sql."""

from importlib.resources import files


def load_query(package: str, name: str) -> str:
    """The text of `<package>/queries/<name>.sql`.

    Args:
        package: `common`, `gateway` or `processor`.
        name: the file's name without its ending.

    Raises:
        FileNotFoundError: there is no such statement; as queries are loaded at import, a typing error shows at start.
    """
    return files(package).joinpath("queries", f"{name}.sql").read_text("utf-8")
