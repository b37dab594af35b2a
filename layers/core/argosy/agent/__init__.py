"""The agent: the one part of Argosy that runs inside a cluster. It watches, reports, and does what the hub has signed.

Outbound only: it opens connections to the API server, to two queues and to a bucket, and listens nowhere. It keeps
nothing on disk. What it knows of objects is a number and a digest each (`digests`), so that thousands of them fit into
little memory.
"""
