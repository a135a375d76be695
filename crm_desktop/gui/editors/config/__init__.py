"""Forms for `fields.config`: one for each field type, and the JSON behind it."""
