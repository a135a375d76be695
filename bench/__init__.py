"""What performance claims rest on: ratios against a stated peer, measured in one run."""
