"""Persistent reservations of SCSI: the disks of a resource, reserved for the node that has it."""
