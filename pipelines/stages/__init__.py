"""The steps of the flow, one file each. They do not know each other: they meet in `pipelines.segment`."""
