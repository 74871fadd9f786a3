"""Where compiled code is kept: a folder whose content nobody but the user or root can have written."""

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

FOLDER, SWITCH = "NB_SEPCONV_CACHE_DIR", "NB_SEPCONV_CACHE"
SWITCHED_OFF = ("off", "0", "false", "no")
WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
HAS_OWNERS = hasattr(os, "geteuid")


def folder() -> Path | None:
    """The folder, which need not exist; None where there is to be none."""
    if os.environ.get(SWITCH, "").lower() in SWITCHED_OFF:
        return None
    named = os.environ.get(FOLDER)
    try:
        if named:
            return Path(os.path.abspath(named))
        return _users_caches() / "nb_sepconv" if HAS_OWNERS else None
    except (RuntimeError, OSError):  # there is no home, or no current folder
        return None


def why_none() -> str:
    """Why there is to be no folder."""
    if os.environ.get(SWITCH, "").lower() in SWITCHED_OFF:
        return f"{SWITCH} is {os.environ[SWITCH]}"
    if os.environ.get(FOLDER):
        return f"{FOLDER} is relative, and there is no current folder"
    return "the user has no home" if HAS_OWNERS else f"{FOLDER} is not set"


def _users_caches() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = os.environ.get("XDG_CACHE_HOME", "")
    return Path(named) if os.path.isabs(named) else Path.home() / ".cache"


def why_unreadable(found: os.stat_result) -> str:
    """Why a file or folder with this status is not to be trusted, empty where it is."""
    if HAS_OWNERS and found.st_uid not in (0, os.geteuid()):
        return "it belongs to another user"
    return "others may write there" if HAS_OWNERS and found.st_mode & WRITABLE_BY_OTHERS else ""


def why_no_folder(path: Path) -> str:
    """Why what is at ``path`` is no folder to read from, empty where it is one."""
    try:
        found = os.lstat(path)
    except OSError as error:
        return error.strerror or "it cannot be read"
    return why_unreadable(found) if stat.S_ISDIR(found.st_mode) else "it is not a folder"


def make(path: Path) -> None:
    """Make the folder where there is nothing, for this user alone; where that cannot be, it stays as it is."""
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.mkdir(mode=0o700)


def why_not_writable(path: Path) -> str:
    """Why nothing is to be written to what is at ``path``, empty where it is a folder of this user's alone."""
    if why := why_no_folder(path):
        return why
    if HAS_OWNERS and os.lstat(path).st_uid != os.geteuid():
        return "it belongs to another user"
    return "" if os.access(path, os.W_OK) else "this process may not write there"
