"""What the drivers of Linux share: mounts, block devices, who holds them, and the base of file systems."""
