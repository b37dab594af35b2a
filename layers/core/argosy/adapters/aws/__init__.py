"""Ports on AWS: DynamoDB, SQS, S3, Secrets Manager and Systems Manager.

Nothing here imports botocore before the first call to AWS is made.
"""
