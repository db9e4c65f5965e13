"""gate.toml: what it may say (model), how it is read (load), and its JSON schema (schema)."""
