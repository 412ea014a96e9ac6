"""Definitions of other managers, for tests and for pictures."""

from __future__ import annotations

LIBVIRT = b"""<domain type='lxc'>
  <name>guest</name>
  <memory unit='MiB'>64</memory>
  <os><type>exe</type><init>/bin/sh</init></os>
  <clock offset='utc'/>
  <devices>
    <filesystem type='mount'><source dir='/srv/guest'/><target dir='/'/></filesystem>
    <console type='pty'/>
  </devices>
</domain>
"""
