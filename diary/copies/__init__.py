"""A person's own copy of everything: asked for, made by the jobs process, fetched within a day, and gone."""
