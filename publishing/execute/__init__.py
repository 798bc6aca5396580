"""Notebooks to executed notebooks: kernels that run them, and a cache that knows what they depend on."""
