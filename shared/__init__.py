"""An organisation's Outlook calendars, connected once by its Microsoft 365 admin."""
