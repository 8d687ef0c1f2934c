"""Mounts a folder so that inode numbers cannot be relied on, as FUSE file systems may.

Arguments: the folder, where to mount it, and which numbers a file has: "changing" ones at each look, or
one of each "path", as sshfs gives.
"""

import itertools
import os
import sys
import zlib

from fuse import FUSE, FuseOSError, Operations

folder, mounted, numbers = sys.argv[1:]
looks = itertools.count(1000)


def real(path):
    return folder + path


class OddInodes(Operations):
    def __call__(self, op, *args):
        try:
            return super().__call__(op, *args)
        except FuseOSError:
            raise
        except OSError as error:
            raise FuseOSError(error.errno)

    def getattr(self, path, fh=None):
        found = os.lstat(real(path))
        names = "atime ctime gid mode mtime nlink size uid".split()
        attributes = {f"st_{name}": getattr(found, f"st_{name}") for name in names}
        attributes["st_ino"] = next(looks) if numbers == "changing" else zlib.crc32(path.encode())
        return attributes

    def readdir(self, path, fh):
        return [".", "..", *os.listdir(real(path))]

    def open(self, path, flags):
        return os.open(real(path), flags)

    def create(self, path, mode, fi=None):
        return os.open(real(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        os.truncate(real(path), length)

    def release(self, path, fh):
        os.close(fh)

    def fsync(self, path, datasync, fh):
        os.fsync(fh)

    def unlink(self, path):
        os.unlink(real(path))

    def rename(self, old, new):
        os.rename(real(old), real(new))

    def link(self, target, source):
        os.link(real(source), real(target))

    def chmod(self, path, mode):
        os.chmod(real(path), mode)


FUSE(OddInodes(), mounted, foreground=True, nothreads=True, use_ino=True, attr_timeout=0, entry_timeout=0)
