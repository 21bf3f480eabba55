"""A volume group of LVM, active on one node, which its tag names."""
