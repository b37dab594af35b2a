"""The real node of a development cluster: containerd and kubelet beside the nodes that KWOK plays.

`machine` says whether this machine can have one, `network` gives it addresses, `settings` writes its files, `kernel`
remembers what a kubelet changes, `images` puts images where no registry is, `sweep` takes all of it away again,
`sweeper` when the supervisor was killed; `host` is what the supervisor holds of it.
"""
