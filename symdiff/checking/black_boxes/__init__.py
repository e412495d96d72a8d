"""Is a claim right that can only be called? Derived rounding bounds, probes, planted mistakes."""
