"""Leaves out of a specification what no document can carry, so that writing never fails."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from cloche_engine.definition.container.network_markup import check_writable
from cloche_engine.definition.names import writable
from cloche_engine.definition.spec import ContainerSpec, Interface


def fitted(spec: ContainerSpec) -> ContainerSpec:
    """Without addresses that are none, and without kept texts that XML cannot carry."""
    return replace(
        spec,
        interfaces=tuple(map(_interface, spec.interfaces)),
        opaque=tuple(e for e in spec.opaque if not writable(e.path + e.text)),
    )


def _interface(interface: Interface) -> Interface:
    try:
        check_writable(interface)
    except ValueError:
        addresses = tuple(filter(_is_address, interface.addresses))
        return replace(interface, addresses=addresses, routes=(), gateway=None, gateway6=None)
    return interface


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return True
