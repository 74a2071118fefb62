"""Alerts: what went wrong and what recovered is told once, in a file and by the services of ALERT_URLS."""
