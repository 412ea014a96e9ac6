"""Control groups on v1, v2 and hybrid hosts: a group per container, limits read back, usage.

v1 and v2 as in Documentation/admin-guide/cgroup-v1 and cgroup-v2 of the kernel. On a hybrid host a
container has a group in each v1 hierarchy it needs and one in the unified tree.
"""
