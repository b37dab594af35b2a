"""Analysis: templates, arguments, measurements, and what they amount to."""
