"""An administration client for a metadata-driven CRM in PostgreSQL."""

__version__ = "0.1.0"
