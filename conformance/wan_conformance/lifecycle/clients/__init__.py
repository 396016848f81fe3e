"""The clients under test behind one protocol: our two, and two versions of the SDK.

Imported by the test packages of `lifecycle`; imports `simulation` alone. Start reading at `base`.
"""
