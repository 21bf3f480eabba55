"""The resource hb.openha: what an OpenHA cluster says of a service."""
