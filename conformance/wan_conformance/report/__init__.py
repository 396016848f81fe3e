"""Reports, every one of them made from a verdict log, so that any can be made again later."""
