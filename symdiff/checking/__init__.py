"""Is the claim right? Questions, probes, decisions, witnesses, and the report."""
