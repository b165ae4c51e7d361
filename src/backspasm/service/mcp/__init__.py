"""Tools for language models (Model Context Protocol): they may turn words into findings; every number comes from here."""
