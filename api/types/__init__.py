"""The schema's types, one module a noun. They declare shapes; `api.planning` fills them with what a planned read brought."""
