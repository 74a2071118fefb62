"""Alerts: each failure and each recovery is reported once, in a file and by the services of ALERT_URLS."""
