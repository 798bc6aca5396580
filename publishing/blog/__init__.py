"""`make new` begins the notes on a paper; `make embed` puts published notes into another Jekyll site."""
