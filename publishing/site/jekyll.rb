# Jekyll, loaded while its sources are made: it builds at a line on its standard input, and ends where none comes.

require "jekyll"
exit 1 unless $stdin.gets
load Gem.bin_path("jekyll", "jekyll")
