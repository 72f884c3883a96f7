"""Blobs in a bucket of any store that speaks S3, through aioboto3."""
