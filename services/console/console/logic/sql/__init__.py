"""SQL in the browser: what is sent, how its result is read, shown and downloaded, and what is remembered."""
