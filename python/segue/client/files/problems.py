"""Why a file is not imported at all. Loads nothing, so that every command can know these errors."""


class FileInvalid(ValueError):
    """A file cannot be read; says why, and what to do."""


class MappingInvalid(ValueError):
    """Columns cannot be told apart or found; says which, and what to write."""
