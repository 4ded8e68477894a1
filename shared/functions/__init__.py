"""azure.functions stops here: one blueprint per group of callers."""
