"""A file system that never answers: `python silent.py DIRECTORY` mounts it, prints `ready`, and lives until it is ended."""

import ctypes
import os
import struct
import sys

INIT = 26
NOBODY = 0xFFFFFFFF


def main(point):
    device = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    if libc.mount(b"silent", point.encode(), b"fuse", ctypes.c_ulong(0), options):
        raise OSError(ctypes.get_errno(), "mount")
    while True:
        request = os.read(device, 1 << 17)
        operation, unique = struct.unpack_from("<IQ", request, 4)
        if operation == INIT:
            answer = struct.pack("<IIIIHHII", 7, 31, 0, 0, 0, 0, 4096, 0) + bytes(36)
            os.write(device, struct.pack("<IiQ", 16 + len(answer), 0, unique) + answer)
            print("ready", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
