"""The tree of an OpenHA cluster, written by hand: its files, and programs that are there to be seen."""

from opensvc_driver_hb_openha import testing

cluster = testing.cluster
