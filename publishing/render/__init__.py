"""Executed notebooks to HTML: one tree of nodes for a page, passes over it, and templates that write it once."""
