"""What other notebooks say, in the writer's language: one module for each kind of thing."""
