"""Etags: an update that was prepared on an older state is refused (AIP-154)."""

from segue.errors import ResourceChanged


def etag_of(version: int) -> str:
    """Returns the etag of a resource's version."""
    return f'"{version}"'


def check_etag(etag: str | None, version: int, name: str) -> None:
    """Checks the etag that came with an update; none at all is always right.

    Raises:
        ResourceChanged: It is another version's.
    """
    if etag and etag != etag_of(version):
        raise ResourceChanged(
            f"{name} was changed by somebody else; read it and try again", {"name": name}
        )
