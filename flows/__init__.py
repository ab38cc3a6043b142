"""Prefect flows: order, retries and concurrency; what is done stands in `mmskin_build.steps`."""
