"""Rules of `make check`, a room each. A rule yields problems; none of them stops at the first."""
