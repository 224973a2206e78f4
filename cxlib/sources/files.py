"""The files of an export on disk: found, unpacked, hashed, and their bytes proved to be text."""

import codecs
import errno
import fnmatch
import glob
import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from cxlib.files import sha256
from cxlib.nearest import listed, nearest
from cxlib.sources.plan import Plan
from cxlib.sources.problems import UnreadableError

CHUNK = 1 << 22
TEXT_FORMATS = ("csv", "tsv", "json")
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class InputFile:
    """What was read: its export, file name (or table), size and hash."""

    export: str
    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class LocalFile:
    """A file ready to read: text is UTF-8 with line feeds only."""

    given: InputFile
    path: Path
    original: Path


def find(plan: Plan, folder: Path) -> list[Path]:
    """Return the files that an export's path names, in order of name; an UnreadableError where there is none."""
    pattern = plan.export.path
    named = glob.glob(_as_named(pattern, folder), root_dir=folder, recursive=True) or [pattern]
    if found := [path for name in sorted(named) if (path := folder / name).is_file()]:
        return found
    beside = (folder / pattern).parent
    near = nearest(Path(pattern).name, [path.name for path in beside.glob("*") if path.is_file()])
    hint = f'The nearest there is "{near}"' if near else f'"{beside}" has no such file'
    fix = f"{hint}: put the export there or correct path in sources.toml."
    raise UnreadableError("missing-file", plan.where(), f'no file "{pattern}"', fix)


def _as_named(pattern: str, folder: Path) -> str:
    """Return the pattern with brackets as letters in those of its parts that exist as written: `exports [2]`."""
    parts, parent = list[str](), folder
    for part in Path(pattern).parts:
        parent /= part
        parts.append(part if fnmatch.fnmatchcase(part, part) or not parent.exists() else glob.escape(part))
    return str(Path(*parts))


def prepare(plan: Plan, path: Path, work: Path) -> LocalFile:
    """Hash a file, unpack it and bring its text to UTF-8 with line feeds.

    Line ends inside cells become line feeds too: DuckDB's reader takes one kind per file. An UnreadableError says if
    the file is empty, damaged, or not text in the stated encoding.
    """
    where = plan.where() if path.name in plan.where() else plan.where_in(path.name)
    original, given = path, InputFile(plan.name, path.name, path.stat().st_size, sha256(path))
    if path.suffix.lower() == ".zip":
        path = _unzip(path, work, where)
    if path.stat().st_size == 0:
        raise UnreadableError("empty-file", where, "the file is empty", "Export it again.")
    if plan.format in TEXT_FORMATS:
        path = _to_utf8(path, plan.export.encoding, work, where)
    return LocalFile(given, path, original)


def _unzip(path: Path, work: Path, where: str) -> Path:
    try:
        with zipfile.ZipFile(path) as archive:
            named = [member.filename for member in archive.infolist() if not member.is_dir()]
            names = [name for name in named if not (name.startswith("__MACOSX/") or Path(name).name.startswith("."))]
            if len(names) != 1:
                what = f"the archive holds {len(names)} files: {listed(names)}"
                fix = "Pack one data file per archive, or unpack it and name the files."
                raise UnreadableError("zip", where, what, fix)
            target = _new_file(work)
            with archive.open(names[0]) as packed, target.open("wb") as file:
                shutil.copyfileobj(packed, file, CHUNK)
            return target
    except UnreadableError:
        raise
    except Exception as error:  # damaged fields raise whatever they lead to
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise  # the disk's fault, not the archive's
        what = f"the archive cannot be unpacked: {error}"
        fix = "It is cut off, damaged or locked: download or pack it again."
        raise UnreadableError("cut-file", where, what, fix) from error


def _new_file(work: Path) -> Path:
    return work / f"{len(list(work.iterdir()))}"


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _to_utf8(path: Path, encoding: str, work: Path, where: str) -> Path:
    """Check every byte against the encoding; write a copy only where the file is not plain already."""
    with path.open("rb") as file:
        mark = file.read(3)
    for kind, marked, right, fix in (
        ("UTF-16", mark[:2] in _UTF16_MARKS, encoding.startswith("utf-16"), 'Write encoding = "utf-16".'),
        ("UTF-8", mark == codecs.BOM_UTF8, encoding in ("utf-8", "utf-8-sig"), _USE_UTF8),
    ):
        if marked and not right:
            what = f'the file begins with the mark of {kind}, not of "{encoding}"'
            raise UnreadableError("encoding", where, what, fix)
    first, returns = _prove(path, encoding, where)
    if not returns and encoding == "utf-8" and mark != codecs.BOM_UTF8:
        return path
    # a lone carriage return ends a line only where it ends the first one, quotes aside; elsewhere it is a cell's own
    first_end = re.match('(?:[^"\r\n]++|"[^"]*+")*+(\r\n|\r|\n)?', first)
    lone = "\n" if first_end and first_end[1] == "\r" else " "
    target = _new_file(work)
    decode = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)("strict")
    whole_ends = io.IncrementalNewlineDecoder(decode, translate=False)
    with target.open("w", encoding="utf-8", newline="") as file:
        for chunk in chain(_chunks(path), [b""]):
            text = whole_ends.decode(chunk, final=not chunk)
            file.write(text.replace("\r\n", "\n").replace("\r", lone))
    return target


_USE_UTF8 = 'Write encoding = "utf-8" or leave the key out.'
_USE_WINDOWS = (
    'Windows tools mostly write "windows-1252" (Western), "windows-1254" (Turkish) or "windows-1256" (Arabic, Persian).'
)
_USE_THE_TOOLS = (
    'Write the encoding the tool used, such as encoding = "windows-1254" (Turkish), "windows-1252" (Western) '
    'or "windows-1256" (Arabic, Persian), or export as UTF-8.'
)


def _prove(path: Path, encoding: str, where: str) -> tuple[str, bool]:
    """Decode the whole file strictly; return its first part, and whether it has carriage returns.

    An UnreadableError says where the first byte lies that does not fit, or that the text is plainly UTF-8.
    """
    decoder, single_byte = codecs.getincrementaldecoder(encoding)("strict"), not encoding.startswith("utf")
    first, returns, ascii_only, control, done, lines = "", False, True, 0, 0, 0
    for chunk in chain(_chunks(path), [b""]):
        done += len(chunk)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            if not chunk:
                what = "the file ends in the middle of a character"
                raise UnreadableError("cut-file", where, what, "It is cut off: export it again.") from error
            before, byte = error.object[: error.start], error.object[error.start]
            offset, line = done - len(error.object) + error.start, lines + before.count(b"\n") + 1
            what = f'byte 0x{byte:02X} at offset {offset:,}, line {line:,}, is not "{encoding}"'
            raise UnreadableError("encoding", where, what, _USE_THE_TOOLS) from error
        first = first or text
        returns = returns or b"\r" in chunk
        lines += chunk.count(b"\n")
        if single_byte:
            ascii_only = ascii_only and chunk.isascii()
            control += len(re.findall("[\x80-\x9f]", text))
    if single_byte and not ascii_only and _is_utf8(path):
        what = f'every byte is valid UTF-8, so "{encoding}" would turn letters into pairs such as "Ã¼"'
        raise UnreadableError("encoding", where, what, _USE_UTF8)
    if control:
        what = f'"{encoding}" gives {control:,} control characters where letters or quotes stand'
        raise UnreadableError("encoding", where, what, _USE_WINDOWS)
    return first, returns


def _is_utf8(path: Path) -> bool:
    try:
        return all(codecs.iterdecode(_chunks(path), "utf-8"))
    except UnicodeDecodeError:
        return False
