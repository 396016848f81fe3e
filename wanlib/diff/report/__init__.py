"""A diff as text, Markdown, HTML, SARIF and annotations; all are made from the `Diff` alone."""
