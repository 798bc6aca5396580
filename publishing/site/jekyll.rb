# Jekyll, loaded while its sources are made: it builds at a line on its standard input, and ends where none comes.

require "jekyll"

# What the last site holds already, byte for byte, is linked instead of copied: most of a site is images and data.
module Linked
  def copy_file(target)
    before = File.realpath(File.join(@site.source, "_site")) + target.delete_prefix(@site.dest)
    is_own = File.realpath(before) == before # and no link, perhaps to the source
    is_own && FileUtils.identical?(path, before) ? File.link(before, target) : super
  rescue SystemCallError # not there, or on another file system
    super
  end
end
Jekyll::StaticFile.prepend(Linked)

exit 1 unless $stdin.gets
load Gem.bin_path("jekyll", "jekyll")
