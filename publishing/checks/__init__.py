"""Rules of `make check`, a module for each subject. A rule yields problems; none of them stops at the first."""
