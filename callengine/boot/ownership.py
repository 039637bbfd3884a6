"""What root made in a folder of a service's user, given to that user."""

import os
import stat
from pathlib import Path


def give(folder: Path, uid: int, gid: int) -> None:
    """
    Give a folder, and what in it is root's, to a user. Raises `OSError`.

    Only plain files with one name, and folders: the user may write here, and must not
    be handed a file of root's that they linked here.
    """
    os.chown(folder, uid, gid)
    for where, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(where) / name
            found = path.lstat()
            plain = stat.S_ISREG(found.st_mode) and found.st_nlink == 1
            if found.st_uid == 0 and (plain or stat.S_ISDIR(found.st_mode)):
                os.chown(path, uid, gid, follow_symlinks=False)
