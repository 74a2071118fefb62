"""Code that several services share. No module imports a service."""
