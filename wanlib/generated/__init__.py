"""What `wanlib emit` wrote from spec/. Nothing here is edited by hand."""
