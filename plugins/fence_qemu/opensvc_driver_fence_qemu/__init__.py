"""Fence agent stonith.qemu: a virtual machine, ended through QEMU's monitor."""
