"""`<domain type='lxc'>`, containers as libvirt's own driver takes them today."""
