"""Parts of libvirt's domain format that several dialects share: readers and writers of each."""
