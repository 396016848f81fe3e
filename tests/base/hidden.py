"""Texts of which a part must never be shown."""

SECRET = "s3cr3t"
DATA = "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4" * 8  # a picture, as base64 has it
SECRETS = [
    f"https://tea.example/x.png?Signature={SECRET}",
    f"oss://tea/x.png?a={SECRET}",
    f"tea.example/x.png?Expires=1&Signature={SECRET}",
    f"https://tea:{SECRET}@tea.example/x",
    f"data:image/png;base64,{DATA}{SECRET}",
    f"{DATA}{SECRET}",
]
