# Jekyll kept running: each line of standard input names a section of a site, and each line of output is the page, as a
# JSON string, that a post which includes it becomes.
require "json"
require "jekyll"

site = Jekyll::Site.new(Jekyll.configuration("source" => ARGV[0], "quiet" => true))
site.reset
site.read

STDIN.each_line do |name|
  site.inclusions.clear
  site.liquid_renderer.reset
  page = Jekyll::PageWithoutAFile.new(site, ARGV[0], "", "page.md")
  page.content = "{% include paper_section.html name=\"#{name.strip}\" %}\n"
  page.data.merge!("layout" => nil, "paper" => "toy")
  puts JSON.generate(Jekyll::Renderer.new(site, page, site.site_payload).run)
  STDOUT.flush
end
