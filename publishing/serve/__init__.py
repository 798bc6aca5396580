"""`make serve`: the site at a local address, rebuilt after every edit."""
