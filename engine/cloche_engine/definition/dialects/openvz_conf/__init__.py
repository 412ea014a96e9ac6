"""The native configuration of OpenVZ: `CTID.conf`, lines of `KEY="value"`."""
