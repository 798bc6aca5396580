"""What begins notes and carries them: `make new`, `make import` of a notebook, `make embed` in another Jekyll site."""
