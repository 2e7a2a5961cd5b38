"""The weekly tuning report: HTML, Markdown, plots."""
