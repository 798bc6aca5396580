Gem::Specification.new do |spec|
  spec.name, spec.version, spec.summary, spec.authors = "stand-in", "1.0.0", "A theme", ["nobody"]
end
