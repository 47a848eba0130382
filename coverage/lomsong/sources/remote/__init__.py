"""Open layers from the network: what there is, what an area needs, downloads that go on where they stopped."""
