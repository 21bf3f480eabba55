"""A logical volume of LVM that is active while the service is up."""
