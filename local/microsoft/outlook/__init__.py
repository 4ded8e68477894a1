"""Outlook of one person, as pages: what people who try the product see and do in a calendar."""
