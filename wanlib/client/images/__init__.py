"""Image arguments, their base64 encoding into JSON bodies, and the temporary upload.

Imported by `call`, and by `core` for uploads.
Start reading at `inputs`, then `image_source`.
"""
