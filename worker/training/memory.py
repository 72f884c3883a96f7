"""Lets the system have the memory of networks that rest; apart because it speaks to the kernel."""

import ctypes
import mmap
import sys

from torch import nn

_MADV_PAGEOUT = 21


def put_aside(*networks: nn.Module) -> None:
    """Let the kernel take networks' weights out of memory; they come back when they are used.

    Weights that are mapped from a file, as a folder's in full precision are, cost nothing to drop and
    little to map again. Source: madvise(2), MADV_PAGEOUT, which loses nothing; other systems ignore this.
    """
    if sys.platform != "linux":
        return
    madvise = ctypes.CDLL(None).madvise
    for network in networks:
        for parameter in network.parameters():
            if parameter.device.type == "cpu":
                begin = -(-parameter.data_ptr() // mmap.PAGESIZE) * mmap.PAGESIZE
                end = (parameter.data_ptr() + parameter.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE
                if end > begin:
                    madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), _MADV_PAGEOUT)
