"""A whole peer put together from its parts: the one room that names transport and MSPs at once."""
