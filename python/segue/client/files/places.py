"""Finds what the words of a command name: files, globs, standard input, and objects by their URLs."""

import re
from collections.abc import Iterable, Iterator
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from segue.client.files.inputs import (
    STANDARD_INPUT,
    Input,
    LocalInput,
    ObjectInput,
    StandardInput,
)
from segue.client.files.problems import FileInvalid

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_SCHEMES: Final = frozenset({"s3", "gs", "az", "https", "http", "file"})
_MAGIC: Final = re.compile(r"[*?\[]")
_GLOB_PARTS: Final = re.compile(r"(\*\*/)|(\*\*)|(\*)|(\?)|\[(!?)([^\]]+)\]|(.)", re.DOTALL)


def find_inputs(words: Iterable[str], store: "ObjectStore | None" = None) -> list[Input]:
    """Returns what is named, in order of the words, and what a glob matches in order of names.

    `*` and `?` match within a directory, `**` over directories. Object stores find their credentials as their own tools do: in the environment
    or on the machine.

    Args:
        words: Paths, globs, URLs such as `s3://bucket/2026/*.csv.gz`, or `-`, each once.
        store: Where objects are, instead of the URLs' own stores.

    Raises:
        FileInvalid: Nothing is there, or `-` stands twice.
    """
    found = [each for word in words for each in _find(word, store)]
    if sum(isinstance(each, StandardInput) for each in found) > 1:
        raise FileInvalid("standard input can be read only once")
    return found


def _find(word: str, store: "ObjectStore | None") -> Iterator[Input]:
    if word == STANDARD_INPUT:
        yield StandardInput()
    elif urlsplit(word).scheme in _SCHEMES and "://" in word:
        yield from _objects(word, store)
    else:
        yield from _files(word)


def _files(word: str) -> Iterator[Input]:
    path = Path(word)
    if path.is_dir():
        raise FileInvalid(f"{word} is a directory; write {word.rstrip('/')}/* for the files in it")
    if path.exists():
        yield LocalInput(path)
        return
    names = glob(word, recursive=True) if has_magic(word) else []  # noqa: PTH207  # Path.glob takes no absolute patterns
    paths = [path for path in map(Path, sorted(names)) if path.is_file()]
    if not paths:
        raise FileInvalid(f"there is no file {word}")
    yield from map(LocalInput, paths)


def _objects(url: str, store: "ObjectStore | None") -> Iterator[Input]:
    import obstore  # noqa: PLC0415  # loads what only objects need
    from obstore.exceptions import BaseError  # noqa: PLC0415

    root, path = _split(url)
    try:
        store = store or _store(root)
        if not _MAGIC.search(path):
            yield ObjectInput(store, url, _plain(obstore.head(store, path)))
            return
        pattern = glob_pattern(path)
        prefix = path[: _MAGIC.search(path).start()].rpartition("/")[0]  # type: ignore[union-attr]  # found above
        listed = [
            _plain(meta)
            for page in obstore.list(store, prefix=prefix or None)
            for meta in page
            if pattern.fullmatch(meta["path"])
        ]
    except FileNotFoundError as error:
        raise FileInvalid(f"there is no object {url}") from error
    except (BaseError, ValueError) as error:
        problem = str(error).partition("\n")[0]  # further lines are for who writes obstore
        raise FileInvalid(f"{url} cannot be read: {problem}") from error
    if not listed:
        raise FileInvalid(f"there is no object {url}")
    for meta in sorted(listed, key=lambda meta: str(meta["path"])):
        yield ObjectInput(store, f"{root}/{meta['path']}", meta)


def _split(url: str) -> tuple[str, str]:
    """Returns the URL of a bucket, container or host, and the path within."""
    parts = urlsplit(url)
    path = url[len(f"{parts.scheme}://{parts.netloc}") :].lstrip("/")
    return f"{parts.scheme}://{parts.netloc}", unquote(path)


def _store(root: str) -> "ObjectStore":
    from obstore.store import HTTPStore, from_url  # noqa: PLC0415

    if root.startswith("http"):
        is_plain = root.startswith("http://")
        return HTTPStore.from_url(root, client_options={"allow_http": is_plain})
    return from_url(root if urlsplit(root).netloc else f"{root}/")


def _plain(meta: Any) -> dict[str, Any]:  # noqa: ANN401  # obstore's typed mapping
    return dict(meta)


def glob_pattern(path: str) -> re.Pattern[str]:
    """Returns what a glob over objects matches; `*` stays within a directory, `**` does not."""
    return re.compile("".join(_piece(match) for match in _GLOB_PARTS.finditer(path)))


def _piece(match: re.Match[str]) -> str:
    directories, anything, star, one, negated, chosen, literal = match.groups()
    if directories:
        return "(?:.*/)?"
    if anything:
        return ".*"
    if star:
        return "[^/]*"
    if one:
        return "[^/]"
    if chosen is not None:
        characters = chosen.replace("\\", r"\\").replace("^", r"\^")
        return f"[{'^' if negated else ''}{characters}]"
    return re.escape(literal)
