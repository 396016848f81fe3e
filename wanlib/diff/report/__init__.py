"""A diff as text, Markdown, HTML, SARIF and annotations of GitHub Actions.

All are made from the `Diff` alone. A witness that contains an image is shortened.
"""
