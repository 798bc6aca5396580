class OptionalFrontMatter < Jekyll::Generator
  def generate(site)
    site.static_files.select { |file| file.extname == ".md" }.each do |file|
      site.pages << Jekyll::Page.new(site, site.source, *File.split(file.relative_path))
    end
  end
end
